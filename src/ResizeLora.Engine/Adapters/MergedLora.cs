using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ResizeLora.Adapters;

/// <summary>
/// LoRA files with weights, to be taken as one: ΔW = Σ wᵢ·ΔWᵢ, exactly. Holds paths and numbers, no matrices; whoever works on
/// it opens the files again.
/// </summary>
public sealed class MergedLora
{
    private const string Extension = ".safetensors";

    private MergedLora(string name, string directory, IReadOnlyList<MergeSource> sources, bool includesDifference)
    {
        IncludesDifference = includesDifference;
        Name = name;
        Directory = directory;
        Sources = sources;
    }

    /// <summary>What the merge is called, the beginning of its outputs' names, such as <c>a@0.7+b@0.3</c>.</summary>
    public string Name { get; }

    /// <summary>The folder of the first file, where outputs go unless another is given.</summary>
    public string Directory { get; }

    /// <summary>The files with their weights.</summary>
    public IReadOnlyList<MergeSource> Sources { get; }

    /// <summary>Whether whole differences of weights are among the layers.</summary>
    public bool IncludesDifference { get; }

    /// <summary>The layers, in the order in which the files name them first.</summary>
    public IReadOnlyList<MergedLayer> Layers { get; private set; } = [];

    /// <summary>Tensors of no layer that have the name of one in an earlier file, whose place they cannot take; with their files.</summary>
    public IReadOnlyList<string> LeftOut { get; private set; } = [];

    /// <summary>The sum of the layers' ranks.</summary>
    public int Rank => Layers.Sum(static layer => layer.Rank);

    /// <summary>The size of the files together, in bytes.</summary>
    public long Length => Sources.Sum(static source => source.Length);

    /// <summary>Merges files, looking at their headers, alphas and a few blocks only.</summary>
    /// <param name="files">Full paths and weights.</param>
    /// <param name="name">The merge's name, or null for one from the files' names.</param>
    /// <param name="progress">Warned of what is left out.</param>
    /// <param name="includeDifference">Whether whole differences of weights become layers.</param>
    /// <exception cref="MergeException">The files do not fit together, or no weight differs from zero.</exception>
    /// <exception cref="ResizeLoraException">A file cannot be used.</exception>
    public static MergedLora Create(
        IReadOnlyList<(string Path, double Weight)> files,
        string? name = null,
        IProgress<EngineEvent>? progress = null,
        bool includeDifference = false
    )
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach ((string path, double weight) in files)
        {
            if (!double.IsFinite(weight))
            {
                string shown = weight.ToString(CultureInfo.InvariantCulture);
                throw new MergeException("Weight", $"'{path}' has the weight {shown}, which is not a number to multiply with.", path);
            }
        }

        if (files.All(static file => file.Weight == 0))
        {
            throw new MergeException("Empty", "No file has a weight other than zero: nothing would be left.");
        }

        MergeSource[] sources = files.Select(file => Describe(file.Path, file.Weight, includeDifference)).ToArray();
        var merge = new MergedLora(name ?? NameOf(sources), Path.GetDirectoryName(sources[0].Path)!, sources, includeDifference);
        using Adapter adapter = merge.Open(out IReadOnlyList<string> leftOut);
        merge.LeftOut = leftOut;
        NameSummary.Warn(progress, merge.Name, "left out, since an earlier file has tensors of their names", "tensor", leftOut);
        merge.Layers = adapter
            .Layers.Select(static layer => new MergedLayer(
                layer.Name,
                layer.Component,
                layer.Kind,
                layer.OutFeatures,
                layer.InFeatures,
                layer.Rank
            ))
            .ToArray();
        return merge;
    }

    /// <summary>Opens the files as one.</summary>
    /// <exception cref="MergeException">A file has changed since the merge was made.</exception>
    /// <exception cref="ResizeLoraException">A file cannot be used.</exception>
    public Adapter Open() => Open(out _);

    /// <summary>The merge's name.</summary>
    public override string ToString() => Name;

    private Adapter Open(out IReadOnlyList<string> leftOut)
    {
        var adapters = new List<(Adapter Adapter, double Weight)>();
        try
        {
            foreach (MergeSource source in Sources.Where(static source => source.Weight != 0))
            {
                adapters.Add((OpenSource(source), source.Weight));
            }

            return LoraMerger.Merge(this, Path.Combine(Directory, Name + Extension), adapters, out leftOut);
        }
        catch
        {
            adapters.ForEach(static opened => opened.Adapter.Dispose());
            throw;
        }
    }

    private Adapter OpenSource(MergeSource source)
    {
        Adapter adapter = OpenFile(source.Path, IncludesDifference);
        if (adapter.ContentKey != source.Content)
        {
            adapter.Dispose();
            throw new MergeException("Stale", $"'{source.Path}' has changed since the merge was made; merge the files again.", source.Path);
        }

        return adapter;
    }

    private static MergeSource Describe(string path, double weight, bool includeDifference)
    {
        if (weight == 0)
        {
            UnsupportedFileException.ThrowIfPickle(path);
            var found = new FileInfo(path);
            return new MergeSource(found.FullName, weight, found.Length, found.LastWriteTimeUtc);
        }

        using Adapter adapter = OpenFile(path, includeDifference);
        return new MergeSource(adapter.Path, weight, adapter.File.Length, adapter.File.LastWriteTime) { Content = adapter.ContentKey };
    }

    private static Adapter OpenFile(string path, bool includeDifference) =>
        LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: true, includeDifference), out SkipReason? leftAlone)
        ?? throw new MergeException("Unsupported", $"'{path}' {leftAlone}: it cannot be merged.", path);

    private static string NameOf(MergeSource[] sources)
    {
        // With the recipe behind it the name must stay below the 255 bytes that file systems allow.
        const int Longest = 120;
        static string WeightOf(MergeSource source) =>
            source.Weight == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"@{source.Weight}");
        string name = string.Join('+', sources.Select(static source => Path.GetFileNameWithoutExtension(source.Path) + WeightOf(source)));
        if (Encoding.UTF8.GetByteCount(name) <= Longest)
        {
            return name;
        }

        string first = Path.GetFileNameWithoutExtension(sources[0].Path);
        string hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8].ToLowerInvariant();
        string start = first[..Math.Min(first.Length, Longest / 4)];
        return string.Create(CultureInfo.InvariantCulture, $"{start}+{sources.Length - 1}more-{hash}");
    }
}
