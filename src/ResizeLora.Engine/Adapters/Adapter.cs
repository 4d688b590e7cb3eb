using System.Text.Json;
using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>An open LoRA file: its layers, the tensors that belong to none, and its metadata.</summary>
public sealed class Adapter : IDisposable
{
    /// <summary>The metadata key under which this tool, and the reference program, say how a file was resized.</summary>
    public const string ResizeKey = "resize_params";

    /// <summary>The metadata key under which this tool says how a file was converted.</summary>
    internal const string ConvertKey = "convert_params";

    /// <summary>The key of the architecture in that text: a converted file may have too few layers to tell it.</summary>
    internal const string ArchitectureKey = "architecture";

    /// <summary>The key of the recipe in that text.</summary>
    internal const string RecipeKey = "recipe_str";

    /// <summary>The most numbers of a factor: in double precision, one array still holds them.</summary>
    internal const int MostElements = int.MaxValue / sizeof(double);

    private const string CommentKey = "ss_training_comment";

    private static readonly string[] WholeModelPrefixes = ["model.diffusion_model.", "conditioner.embedders.", "cond_stage_model."];

    private string? contentKey;

    internal Adapter(
        ITensorFile file,
        IReadOnlyList<AdapterLayer> layers,
        IReadOnlyList<TensorEntry> otherTensors,
        IReadOnlyList<KeptLayer> keptLayers,
        MergedLora? merge = null
    )
    {
        Merge = merge;
        Verified = new VerifiedFile(file);
        Layers = layers;
        OtherTensors = otherTensors;
        KeptLayers = keptLayers;
    }

    /// <summary>The file, owned by this object; of a merge all its files, read as one.</summary>
    public ITensorFile File => Verified;

    /// <summary>The same, with what is known of its tensors' content.</summary>
    internal VerifiedFile Verified { get; }

    /// <summary>The architecture that the layers' names tell, or null.</summary>
    internal Architecture? Architecture { get; init; }

    /// <summary>The text of PEFT's settings beside the file, or null.</summary>
    internal string? SettingsText { get; init; }

    /// <summary>The merge that this is, or null for a file.</summary>
    public MergedLora? Merge { get; }

    /// <summary>The files that are read: one, or those of the merge.</summary>
    public IEnumerable<string> SourcePaths => Merge is null ? [Path] : Merge.Sources.Select(static source => source.Path);

    /// <summary>The full path.</summary>
    public string Path => File.Path;

    /// <summary>The layers that can be resized, in the order in which the file holds them.</summary>
    public IReadOnlyList<AdapterLayer> Layers { get; private set; }

    /// <summary>Tensors that belong to no layer that can be resized; they are copied as they are.</summary>
    public IReadOnlyList<TensorEntry> OtherTensors { get; private set; }

    /// <summary>The layers that those tensors make, each with the reason why it is not one of <see cref="Layers"/>.</summary>
    public IReadOnlyList<KeptLayer> KeptLayers { get; private set; }

    /// <summary>How many embeddings of words the file brings along, beside its layers.</summary>
    internal int EmbeddingCount =>
        OtherTensors
            .Select(static tensor => BundledEmbedding.NameOf(tensor.Name))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Count();

    /// <summary>Whether whole differences of weights were asked for.</summary>
    internal bool IncludesDifference { get; init; }

    /// <summary>Layers that can be resized over a base model alone (GLoRA); until it is there they are among the kept ones.</summary>
    internal IReadOnlyList<AdapterLayer> LayersOverBase { get; set; } = [];

    /// <summary>The metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => File.Header.Metadata;

    // Layers whose factors are computed may be left as they are, and magnitudes always are.
    private IEnumerable<TensorEntry> CopyableTensors =>
        [
            .. OtherTensors,
            .. Layers.SelectMany(static layer => layer.StoredTensors ?? (layer.Magnitude is { } magnitude ? [magnitude] : [])),
        ];

    /// <summary>What tells it from other LoRAs, as <see cref="AdapterContent.KeyOf"/> gives it; read on the first request.</summary>
    internal string ContentKey => contentKey ??= AdapterContent.KeyOf(this);

    /// <summary>Tells what a file is, from its header.</summary>
    /// <param name="header">The header.</param>
    public static AdapterFileKind KindOf(SafetensorsHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        bool isAdapter = false;
        bool isCheckpoint = false;
        bool mayBeGlora = false;
        foreach (TensorEntry tensor in header.Tensors)
        {
            AdapterTensorName? name = AdapterTensorName.Parse(tensor.Name);
            if (name is { Kind: AdapterKind.LoRA or AdapterKind.LoHa or AdapterKind.LoKr })
            {
                return AdapterFileKind.Lora;
            }

            // The names of GLoRA's parts (a1, b2) occur in models too.
            isAdapter |= name is { Kind: not null and not AdapterKind.GLoRA };
            mayBeGlora |= name is { Kind: AdapterKind.GLoRA };
            isCheckpoint |= WholeModelPrefixes.Any(prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));
        }

        return isAdapter || (mayBeGlora && LayerInventory.Of(header.Tensors).Layers.Count > 0) ? AdapterFileKind.OtherAdapter
            : isCheckpoint ? AdapterFileKind.Checkpoint
            : AdapterFileKind.Other;
    }

    /// <summary>
    /// Tells how a file was resized before, from the marks that this tool, the reference program and kohya's script leave.
    /// <c>ss_network_dim</c> "Dynamic" is no such mark: merging scripts write it too, where layers differ in rank.
    /// </summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <returns>The recipe or method, or null when the file was not resized.</returns>
    public static string? ResizedWith(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.TryGetValue(ResizeKey, out string? parameters))
        {
            return RecipeIn(parameters);
        }

        return
            metadata.TryGetValue(CommentKey, out string? comment)
            && (
                comment.StartsWith("Dynamic resize with ", StringComparison.Ordinal)
                || comment.StartsWith("dimension is resized from ", StringComparison.Ordinal)
            )
            ? RecipeIn(comment.Split(';')[0])
            : null;
    }

    /// <summary>The architecture that a conversion by this tool wrote down; null where there is none.</summary>
    /// <param name="metadata">The file's metadata.</param>
    internal static Architecture? ArchitectureIn(IReadOnlyDictionary<string, string> metadata) =>
        metadata.TryGetValue(ConvertKey, out string? parameters) ? ArchitectureCatalog.Find(TextIn(parameters, ArchitectureKey)) : null;

    // Metadata is anybody's text: shown as the recipe when it is one, and never at length.
    private static string RecipeIn(string parameters)
    {
        const int LongestShown = 80;
        return TrainerText.Clean(TextIn(parameters, RecipeKey) ?? parameters, LongestShown) ?? string.Empty;
    }

    private static string? TextIn(string parameters, string key)
    {
        const int LongestRead = 1 << 16;
        try
        {
            using var document = JsonDocument.Parse(parameters.Length <= LongestRead ? parameters : "null");
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(key, out JsonElement text)
                && text.ValueKind == JsonValueKind.String
                ? text.GetString()
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Reads the layers of an open file. The adapter takes over the file, also when this throws.</summary>
    /// <param name="file">The file.</param>
    /// <param name="includeDifference">Whether whole differences of weights become layers.</param>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter Read(SafetensorsFile file, bool includeDifference = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return AdapterReader.Read(file, PeftFolder.ReadSettings(file.Path), includeDifference);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file and reads its layers.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="includeDifference">Whether whole differences of weights become layers.</param>
    /// <exception cref="SafetensorsException">The file is malformed.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter Open(string path, bool includeDifference = false) => Read(SafetensorsFile.Open(path), includeDifference);

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();

    /// <summary>Leaves the layers that need a base model among the kept ones, where none of them was chosen.</summary>
    /// <param name="chosen">The names of the layers that take part.</param>
    internal void LimitLayersOverBase(IEnumerable<string> chosen)
    {
        HashSet<string> names = chosen.ToHashSet(StringComparer.Ordinal);
        LayersOverBase = LayersOverBase.Any(layer => names.Contains(layer.Name)) ? LayersOverBase : [];
    }

    /// <summary>Takes layers that were kept for want of a base model, whose weights they have now, among the layers.</summary>
    /// <param name="bound">Some of <see cref="LayersOverBase"/>.</param>
    internal void Include(IReadOnlyList<AdapterLayer> bound)
    {
        if (bound.Count == 0)
        {
            return;
        }

        HashSet<string> names = bound.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        HashSet<string> tensors = bound
            .SelectMany(static layer => layer.Tensors)
            .Select(static tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        Layers = [.. Layers.Where(layer => !names.Contains(layer.Name)), .. bound];
        KeptLayers = [.. KeptLayers.Where(layer => !names.Contains(layer.Name))];
        OtherTensors = [.. OtherTensors.Where(tensor => !tensors.Contains(tensor.Name))];
    }

    /// <summary>Reads the tensors that may be copied unchanged, so that they are known by their content; once.</summary>
    /// <param name="cancellationToken">Ends the work.</param>
    internal void HashOtherTensors(CancellationToken cancellationToken)
    {
        if (Verified.Hashes.OtherTensors is null)
        {
            TensorEntry[] tensors = [.. CopyableTensors];
            foreach (TensorEntry tensor in tensors)
            {
                Verified.ReadPieces(tensor, _ => cancellationToken.ThrowIfCancellationRequested());
            }

            Verified.Hashes.OtherTensors = Array.ConvertAll(tensors, static tensor => tensor.Name);
        }
    }

    /// <summary>Requires the tensors that are copied unchanged to be those of another opening of the file.</summary>
    /// <remarks>Content is compared when it is read.</remarks>
    /// <param name="earlier">What was known of the file's tensors then.</param>
    /// <exception cref="AdapterException">There are others now, or one is known to hold something else.</exception>
    internal void ExpectOtherTensors(TensorHashes earlier)
    {
        if (earlier.OtherTensors is not { } names)
        {
            return;
        }

        HashSet<string> changed = names.ToHashSet(StringComparer.Ordinal);
        changed.SymmetricExceptWith(CopyableTensors.Select(static tensor => tensor.Name));
        if (changed.Count > 0)
        {
            throw AdapterException.Stale(Path, changed.First());
        }

        foreach (TensorEntry tensor in CopyableTensors)
        {
            Verified.Expect(tensor, earlier);
        }
    }
}
