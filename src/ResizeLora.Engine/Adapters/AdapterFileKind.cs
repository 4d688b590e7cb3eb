namespace ResizeLora.Adapters;

/// <summary>What a safetensors file is, as far as its header tells.</summary>
public enum AdapterFileKind
{
    /// <summary>A LoRA or LoCon: pairs of factors, in any spelling.</summary>
    Lora,

    /// <summary>An adapter of other kinds alone, such as LoHa.</summary>
    OtherAdapter,

    /// <summary>A whole image model.</summary>
    Checkpoint,

    /// <summary>Anything else: a VAE, an embedding, a ControlNet.</summary>
    Other,
}
