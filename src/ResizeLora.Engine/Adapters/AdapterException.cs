namespace ResizeLora.Adapters;

/// <summary>A LoRA file is well-formed but what it holds makes no sense, or does not fit the base model.</summary>
public sealed class AdapterException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="defect">A stable word for the defect, the end of the error id.</param>
    /// <param name="detail">The defect in words.</param>
    public AdapterException(string path, string layer, string defect, string detail)
        : base("Layer", defect, $"'{path}', layer '{layer}': {detail}", path)
    {
        Layer = layer;
    }

    /// <summary>The file is not the one any more that a layer was decomposed from.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="layer">The layer's name.</param>
    public static AdapterException Stale(string path, string layer) =>
        new(path, layer, nameof(Stale), "the file has changed since this layer was decomposed.");

    /// <summary>A file does not hold a layer that was decomposed from it.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="layer">The layer's name.</param>
    public static AdapterException Missing(string path, string layer) => new(path, layer, nameof(Missing), "the file holds no such layer.");

    /// <summary>The layer's name.</summary>
    public string Layer { get; }
}
