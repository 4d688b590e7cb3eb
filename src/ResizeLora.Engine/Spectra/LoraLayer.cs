using ResizeLora.Adapters;

namespace ResizeLora.Spectra;

/// <summary>
/// One layer of a LoRA file, as it goes down a pipeline: a spectrum, or what is left of one that was stored and read back.
/// </summary>
public abstract class LoraLayer
{
    /// <summary>The LoRA file; of a merge the path that it goes by.</summary>
    public abstract string Path { get; }

    /// <summary>The layer's name.</summary>
    public abstract string Layer { get; }

    /// <summary>The base model that the layer was measured against, or null.</summary>
    public abstract string? CheckpointPath { get; }

    /// <summary>
    /// A key of the content from which the layer was decomposed, 16 hexadecimal digits; null where it is not known. A layer that
    /// is decomposed again must have the same.
    /// </summary>
    public abstract string? Content { get; }

    /// <summary>The merge that the layer is of, or null where it is of a file.</summary>
    public abstract MergedLora? Merge { get; }

    /// <summary>Whether the layer is a whole difference, which a file has among its layers only where they are asked for.</summary>
    internal abstract bool IsDifference { get; }

    /// <summary>
    /// Opens the file, or the merge, that layers are of. Whole differences are layers where one is among these: else whoever chose the
    /// layers saw none, and they are copied.
    /// </summary>
    /// <param name="layers">Layers of one file.</param>
    /// <exception cref="ResizeLoraException">It cannot be used any more.</exception>
    public static Adapter OpenSource(IReadOnlyList<LoraLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return layers[0].Merge?.Open() ?? Adapter.Open(layers[0].Path, layers.Any(static layer => layer.IsDifference));
    }
}
