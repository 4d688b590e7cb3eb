namespace ResizeLora.Spectra;

/// <summary>
/// A layer of which only file and name are known: a spectrum that came out of Export-Clixml or another process, without the
/// small matrices that it carried. Before it is resized it is decomposed again, from its file.
/// </summary>
public sealed class StoredLayer : LoraLayer
{
    /// <summary>Names a layer.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="checkpointPath">The base model that it was measured against, or null.</param>
    public StoredLayer(string path, string layer, string? checkpointPath)
    {
        Path = path;
        Layer = layer;
        CheckpointPath = checkpointPath;
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override string Layer { get; }

    /// <inheritdoc/>
    public override string? CheckpointPath { get; }

    /// <summary>The layer's name.</summary>
    public override string ToString() => Layer;
}
