namespace ResizeLora.Spectra;

/// <summary>One layer of a LoRA file, as it goes down a pipeline: a spectrum, or what is left of one that was stored and read back.</summary>
public abstract class LoraLayer
{
    /// <summary>The LoRA file.</summary>
    public abstract string Path { get; }

    /// <summary>The layer's name.</summary>
    public abstract string Layer { get; }

    /// <summary>The base model that the layer was measured against, or null.</summary>
    public abstract string? CheckpointPath { get; }
}
