using System.Globalization;
using System.Text.Json;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>An open LoRA file: its layers, the tensors that belong to none, and its metadata.</summary>
public sealed class Adapter : IDisposable
{
    /// <summary>The metadata key under which this tool, and the reference program, say how a file was resized.</summary>
    public const string ResizeKey = "resize_params";

    /// <summary>The key of the recipe in that text.</summary>
    internal const string RecipeKey = "recipe_str";

    /// <summary>The most numbers of a factor: in double precision, one array still holds them.</summary>
    internal const int MostElements = int.MaxValue / sizeof(double);

    private const string CommentKey = "ss_training_comment";

    private static readonly string[] LayerSuffixes = [AdapterLayer.DownSuffix, AdapterLayer.UpSuffix, AdapterLayer.AlphaSuffix];

    // What other families put into their names: PEFT and diffusers, then LyCORIS.
    private static readonly string[] ForeignMarks =
    [
        ".lora_A.",
        ".lora_B.",
        ".lora.down.",
        ".lora.up.",
        "_lora.",
        ".hada_",
        ".lokr_",
        ".oft_",
        ".dora_scale",
        ".glora_",
        ".lora_down",
        ".lora_up",
    ];

    // LyCORIS' full differences; only at the end of a name, since "diffusion_model" is in every base model's names.
    private static readonly string[] ForeignSuffixes = [".diff", ".diff_b"];

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

    /// <summary>The merge that this is, or null for a file.</summary>
    public MergedLora? Merge { get; }

    /// <summary>The files that are read: one, or those of the merge.</summary>
    public IEnumerable<string> SourcePaths => Merge is null ? [Path] : Merge.Sources.Select(static source => source.Path);

    /// <summary>The full path.</summary>
    public string Path => File.Path;

    /// <summary>The layers that can be resized, in the order in which the file holds them.</summary>
    public IReadOnlyList<AdapterLayer> Layers { get; }

    /// <summary>Tensors that belong to no layer that can be resized; they are copied as they are.</summary>
    public IReadOnlyList<TensorEntry> OtherTensors { get; }

    /// <summary>The layers that those tensors make, each with the reason why it is not one of <see cref="Layers"/>.</summary>
    public IReadOnlyList<KeptLayer> KeptLayers { get; }

    /// <summary>The metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => File.Header.Metadata;

    /// <summary>What tells it from other LoRAs, as <see cref="AdapterContent.KeyOf"/> gives it; read on the first request.</summary>
    internal string ContentKey => contentKey ??= AdapterContent.KeyOf(this);

    /// <summary>Tells what a file is, from its header.</summary>
    /// <param name="header">The header.</param>
    public static AdapterFileKind KindOf(SafetensorsHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        bool adapter = false;
        bool checkpoint = false;
        foreach (TensorEntry tensor in header.Tensors)
        {
            if (
                tensor.Name.EndsWith(AdapterLayer.DownSuffix, StringComparison.Ordinal)
                || tensor.Name.EndsWith(AdapterLayer.UpSuffix, StringComparison.Ordinal)
            )
            {
                return AdapterFileKind.Lora;
            }

            adapter |=
                ForeignMarks.Any(mark => tensor.Name.Contains(mark, StringComparison.Ordinal))
                || ForeignSuffixes.Any(suffix => tensor.Name.EndsWith(suffix, StringComparison.Ordinal));
            checkpoint |=
                tensor.Name.StartsWith("model.diffusion_model.", StringComparison.Ordinal)
                || tensor.Name.StartsWith("conditioner.embedders.", StringComparison.Ordinal)
                || tensor.Name.StartsWith("cond_stage_model.", StringComparison.Ordinal);
        }

        return adapter ? AdapterFileKind.OtherAdapter
            : checkpoint ? AdapterFileKind.Checkpoint
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

    // Metadata is anybody's text: shown as the recipe when it is one, and never at length.
    private static string RecipeIn(string parameters)
    {
        const int LongestShown = 80;
        const int LongestRead = 1 << 16;
        string shown = parameters;
        try
        {
            using var document = JsonDocument.Parse(parameters.Length <= LongestRead ? parameters : "null");
            if (
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(RecipeKey, out JsonElement recipe)
                && recipe.ValueKind == JsonValueKind.String
            )
            {
                shown = recipe.GetString()!;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Then it is shown as it stands.
        }

        return TrainerText.Clean(shown, LongestShown) ?? string.Empty;
    }

    /// <summary>Reads the layers of an open file. The adapter takes over the file, also when this throws.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter Read(SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return ReadLayers(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file and reads its layers.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <exception cref="SafetensorsException">The file is malformed.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter Open(string path) => Read(SafetensorsFile.Open(path));

    /// <summary>Warns of the layers and tensors that are no part of <see cref="Layers"/>.</summary>
    /// <param name="progress">Takes the notes.</param>
    /// <param name="whatOfLayers">What is done with layers that are not understood, such as <c>copied unchanged</c>.</param>
    /// <param name="whatOfTensors">The same of tensors that belong to no layer; null where nobody needs to know of them.</param>
    public void ReportKept(IProgress<EngineEvent>? progress, string whatOfLayers, string? whatOfTensors)
    {
        string[] layers = [.. KeptLayers.Select(static layer => layer.Name)];
        NameSummary.Warn(progress, Path, whatOfLayers, "layer", layers, [.. KeptLayers.Select(static layer => layer.Reason)]);
        if (whatOfTensors is not null)
        {
            HashSet<string> known = layers.ToHashSet(StringComparer.Ordinal);
            bool IsLoose(TensorEntry tensor) => AdapterTensorName.Parse(tensor.Name) is not { } name || !known.Contains(name.Layer);
            string[] loose = [.. OtherTensors.Where(IsLoose).Select(static tensor => tensor.Name)];
            NameSummary.Warn(progress, Path, whatOfTensors, "tensor", loose);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();

    /// <summary>Reads the tensors that are copied unchanged, so that they are known by their content; once.</summary>
    /// <param name="cancellationToken">Ends the work.</param>
    internal void HashOtherTensors(CancellationToken cancellationToken)
    {
        if (Verified.Hashes.OtherTensors is null)
        {
            foreach (TensorEntry tensor in OtherTensors)
            {
                Verified.ReadPieces(tensor, _ => cancellationToken.ThrowIfCancellationRequested());
            }

            Verified.Hashes.OtherTensors = OtherTensors.Select(static tensor => tensor.Name).ToArray();
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
        changed.SymmetricExceptWith(OtherTensors.Select(static tensor => tensor.Name));
        if (changed.Count > 0)
        {
            throw AdapterException.Stale(Path, changed.First());
        }

        foreach (TensorEntry tensor in OtherTensors)
        {
            Verified.Expect(tensor, earlier);
        }
    }

    private static Adapter ReadLayers(SafetensorsFile file)
    {
        // What stands before a pair's suffix is a layer; a layer with a tensor of any further suffix (lora_mid, dora_scale,
        // diff_b) means more than B·A, so that all of it is left as it is.
        var parts = new Dictionary<string, Dictionary<string, TensorEntry>>(StringComparer.Ordinal);
        foreach (TensorEntry tensor in file.Header.Tensors)
        {
            foreach (string suffix in LayerSuffixes)
            {
                if (tensor.Name.EndsWith(suffix, StringComparison.Ordinal))
                {
                    string layer = tensor.Name[..^suffix.Length];
                    if (!parts.TryGetValue(layer, out Dictionary<string, TensorEntry>? known))
                    {
                        parts.Add(layer, known = new Dictionary<string, TensorEntry>(3, StringComparer.Ordinal));
                    }

                    known.Add(suffix, tensor);
                }
            }
        }

        Dictionary<string, string> extended = FindExtendedLayers(file.Header.Tensors, parts);
        var layers = new List<AdapterLayer>(parts.Count);
        var kept = new List<KeptLayer>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, Dictionary<string, TensorEntry> tensors) in parts)
        {
            if (!tensors.ContainsKey(AdapterLayer.DownSuffix) && !tensors.ContainsKey(AdapterLayer.UpSuffix))
            {
                continue;
            }

            if ((extended.GetValueOrDefault(name) ?? ReasonToKeep(tensors)) is { } reason)
            {
                kept.Add(new KeptLayer(name, reason));
                continue;
            }

            layers.Add(ReadLayer(file, name, tensors));
            taken.UnionWith(tensors.Values.Select(tensor => tensor.Name));
        }

        TensorEntry[] others = file.Header.Tensors.Where(tensor => !taken.Contains(tensor.Name)).ToArray();
        HashSet<string> listed = kept.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        kept.AddRange(
            LayerInventory
                .Of(others)
                .Layers.Where(layer => !listed.Contains(layer.Name))
                .Select(static layer => new KeptLayer(
                    layer.Name,
                    layer.Kind is AdapterKind.LoRA or AdapterKind.LoCon ? "in another trainer's names" : layer.Kind.ToString()
                ))
        );
        return new Adapter(file, layers, others, kept);
    }

    // In sorted order the tensors below a layer stand side by side, so that the work does not grow with what names hold.
    private static Dictionary<string, string> FindExtendedLayers(
        IReadOnlyList<TensorEntry> tensors,
        Dictionary<string, Dictionary<string, TensorEntry>> parts
    )
    {
        string[] names = tensors
            .Select(static tensor => tensor.Name)
            .Where(static name => !LayerSuffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .ToArray();
        var extended = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string layer in parts.Keys.Where(static layer => layer.Length > 0))
        {
            if (FirstNameBelow(names, layer) is { } name)
            {
                extended.Add(layer, $"it also has {TrainerText.Clean(name[(layer.Length + 1)..], longest: 40) ?? "a part without a name"}");
            }
        }

        return extended;
    }

    private static string? FirstNameBelow(string[] names, string layer)
    {
        string prefix = layer + '.';
        int index = Array.BinarySearch(names, prefix, StringComparer.Ordinal);
        index = index < 0 ? ~index : index;
        return index < names.Length && names[index].StartsWith(prefix, StringComparison.Ordinal) ? names[index] : null;
    }

    // Why the tensors of a layer are not the factors of a matrix or a convolution; null when they are.
    private static string? ReasonToKeep(Dictionary<string, TensorEntry> tensors)
    {
        if (!tensors.TryGetValue(AdapterLayer.UpSuffix, out TensorEntry? up))
        {
            return "no lora_up";
        }

        if (!tensors.TryGetValue(AdapterLayer.DownSuffix, out TensorEntry? down))
        {
            return "no lora_down";
        }

        if (!TensorTypes.IsWeight(up.Type) || !TensorTypes.IsWeight(down.Type))
        {
            string[] types = [TensorTypes.NameOf(down.Type), TensorTypes.NameOf(up.Type)];
            return $"weights of type {string.Join(" and ", types.Distinct())}";
        }

        bool shaped =
            down.Shape.Count is 2 or 4
            && up.Shape.Count is 2 or 4
            && up.Shape.Skip(2).All(static dimension => dimension == 1)
            && down.ElementCount > 0
            && up.ElementCount > 0;
        string shapes = $"lora_down {down.ShapeText}, lora_up {up.ShapeText}";
        if (!shaped)
        {
            return shapes;
        }

        if (Math.Max(up.ElementCount, down.ElementCount) > MostElements)
        {
            return $"more than 2 GiB in double precision: {shapes}";
        }

        if (up.Shape[1] != down.Shape[0])
        {
            return $"the ranks disagree: {shapes}";
        }

        return tensors.TryGetValue(AdapterLayer.AlphaSuffix, out TensorEntry? alpha) && !ScalarReader.IsReadable(alpha)
            ? $"its alpha is {TensorTypes.NameOf(alpha.Type)} {alpha.ShapeText}, not one number"
            : null;
    }

    private static AdapterLayer ReadLayer(SafetensorsFile file, string name, Dictionary<string, TensorEntry> tensors)
    {
        TensorEntry down = tensors[AdapterLayer.DownSuffix];
        double alpha = tensors.TryGetValue(AdapterLayer.AlphaSuffix, out TensorEntry? tensor)
            ? ScalarReader.TryRead(file, tensor)!.Value
            : down.Shape[0];
        if (double.IsFinite(alpha))
        {
            return new AdapterLayer(name, down, tensors[AdapterLayer.UpSuffix], alpha);
        }

        // As with NaN in a factor, the training has failed: a copy of such a layer would pass for a sound one.
        string text = alpha.ToString(CultureInfo.InvariantCulture);
        throw new AdapterException(file.Path, name, "AlphaInvalid", $"its alpha is {text}, not a number.");
    }
}
