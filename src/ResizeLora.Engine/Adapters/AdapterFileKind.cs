namespace ResizeLora.Adapters;

/// <summary>What a safetensors file is, as far as its header tells.</summary>
public enum AdapterFileKind
{
    /// <summary>A LoRA or LoCon in kohya's names.</summary>
    Lora,

    /// <summary>An adapter of another family or in another trainer's names: LyCORIS, PEFT, diffusers.</summary>
    OtherAdapter,

    /// <summary>A whole image model.</summary>
    Checkpoint,

    /// <summary>Anything else: a VAE, an embedding, a ControlNet.</summary>
    Other,
}
