using ResizeLora.Adapters;

namespace ResizeLora.Spectra;

/// <summary>
/// A layer of which only file and name are known: it came out of a file or another process, or is one of a result. It is
/// decomposed again, from its file, before it is resized.
/// </summary>
public sealed class StoredLayer : LoraLayer
{
    /// <summary>Names a layer.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="checkpointPath">The base model that it was measured against, or null.</param>
    /// <param name="content">The key of its content, or null where that is not known.</param>
    /// <param name="merge">The merge that it is of, or null.</param>
    /// <param name="isDifference">Whether it is a whole difference.</param>
    public StoredLayer(
        string path,
        string layer,
        string? checkpointPath,
        string? content = null,
        MergedLora? merge = null,
        bool isDifference = false
    )
    {
        IsDifference = isDifference;
        Content = content;
        Path = path;
        Layer = layer;
        CheckpointPath = checkpointPath;
        Merge = merge;
    }

    /// <summary>The same layer under the full path of its file.</summary>
    /// <param name="path">The path.</param>
    public StoredLayer At(string path) => new(path, Layer, CheckpointPath, Content, Merge, IsDifference);

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override string Layer { get; }

    /// <inheritdoc/>
    public override string? CheckpointPath { get; }

    /// <inheritdoc/>
    public override string? Content { get; }

    /// <inheritdoc/>
    public override MergedLora? Merge { get; }

    /// <inheritdoc/>
    internal override bool IsDifference { get; }

    /// <summary>The layer's name.</summary>
    public override string ToString() => Layer;
}
