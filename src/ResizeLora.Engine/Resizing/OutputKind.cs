namespace ResizeLora.Resizing;

/// <summary>In which form layers are written whose kind is another than LoRA.</summary>
public enum OutputKind
{
    /// <summary>Whatever is the smallest, layer by layer: a LoRA, the same kind cut within itself, or the layer as it is.</summary>
    Smallest,

    /// <summary>As LoRA or LoCon, even where that is larger.</summary>
    LoRA,

    /// <summary>In their own kind: LoKr is cut in its second half, and what has no cut within its kind stays as it is.</summary>
    Same,
}
