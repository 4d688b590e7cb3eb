namespace ResizeLora.Architectures;

/// <summary>The text encoders that image models have.</summary>
internal enum TextEncoderKind
{
    /// <summary>CLIP-L: 12 layers.</summary>
    ClipL,

    /// <summary>OpenCLIP-H, as in SD 2: 24 layers, of which diffusers keeps 23.</summary>
    ClipH,

    /// <summary>OpenCLIP-G: 32 layers.</summary>
    ClipG,

    /// <summary>T5 and its relatives.</summary>
    T5,

    /// <summary>A language model: Qwen, Llama, Gemma.</summary>
    LanguageModel,
}
