using ResizeLora.Adapters;

namespace ResizeLora.Spectra;

/// <summary>
/// Gathers layers by their file, in whatever order they come. A file of which all layers are there is handed out at once; of the
/// others it is known only at the end which of their layers were meant.
/// </summary>
public sealed class LayerCollector
{
    // The same file against two base models is two things.
    private readonly Dictionary<(string Path, string? CheckpointPath), FileLayers> files = [];

    /// <summary>Adds a layer; a layer that has come before is not taken twice.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>All layers of its file when this was the last of them, else null.</returns>
    /// <exception cref="MergeException">Layers of two merges have the same name.</exception>
    public IReadOnlyList<LoraLayer>? Add(LoraLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (!files.TryGetValue((layer.Path, layer.CheckpointPath), out FileLayers? file))
        {
            files.Add((layer.Path, layer.CheckpointPath), file = new FileLayers(layer));
        }

        if (!AreSame(file.First.Merge, layer.Merge))
        {
            throw new MergeException("NameTaken", $"Two merges are called '{layer.Path}'; give one of them another name.", layer.Path);
        }

        if (file.Layers is null || !file.Names.Add(layer.Layer))
        {
            return null;
        }

        file.Layers.Add(layer);
        return layer is LayerSpectrum spectrum && file.Layers.Count == spectrum.Origin.FileLayerCount ? Take(file) : null;
    }

    /// <summary>Takes the layers of each file that was not handed out yet, in the order in which the files came first.</summary>
    public IEnumerable<IReadOnlyList<LoraLayer>> TakeRest()
    {
        foreach (FileLayers file in files.Values.Where(static file => file.Layers is not null))
        {
            yield return Take(file);
        }
    }

    private static bool AreSame(MergedLora? left, MergedLora? right) =>
        ReferenceEquals(left, right) || (left is not null && right is not null && SourcesOf(left).SequenceEqual(SourcesOf(right)));

    private static IEnumerable<(string Path, double Weight)> SourcesOf(MergedLora merge) =>
        merge.Sources.Select(static source => (source.Path, source.Weight));

    private static List<LoraLayer> Take(FileLayers file)
    {
        List<LoraLayer> layers = file.Layers!;
        file.Layers = null;
        return layers;
    }

    private sealed class FileLayers(LoraLayer first)
    {
        public LoraLayer First { get; } =
            first is LayerSpectrum
                ? new StoredLayer(first.Path, first.Layer, first.CheckpointPath, first.Content, first.Merge, first.IsDifference)
                : first;

        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

        // Null once they were handed out.
        public List<LoraLayer>? Layers { get; set; } = [];
    }
}
