using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Resizing;
using ResizeLora.Files;

namespace ResizeLora.Comparison;

/// <summary>Compares LoRA files with a reference, layer by layer.</summary>
public sealed class LoraComparer : IDisposable
{
    private readonly ResizeSession session;
    private readonly Adapter reference;

    /// <summary>Opens the reference.</summary>
    /// <param name="session">Device and base model; stays the caller's.</param>
    /// <param name="referencePath">The LoRA file to compare with.</param>
    /// <exception cref="UnsupportedFileException">It is no LoRA file.</exception>
    /// <exception cref="ResizeLoraException">It is damaged, or a layer contradicts itself.</exception>
    public LoraComparer(ResizeSession session, string referencePath)
    {
        this.session = session;
        reference =
            LoraFileOpener.TryOpen(referencePath, again: true, out SkipReason? reason)
            ?? throw new UnsupportedFileException(referencePath, $"'{referencePath}' {reason}; nothing can be compared with it.");
    }

    /// <summary>The reference file.</summary>
    public string ReferencePath => reference.Path;

    /// <summary>Compares a file with the reference.</summary>
    /// <param name="other">The file; stays the caller's.</param>
    /// <param name="layerNames">
    /// The layers of it that are compared, with what the reference has of the same; null for all of both files.
    /// </param>
    /// <param name="progress">Told how far it is; warned of what could not be compared.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="AdapterException">A layer is of another shape than the reference's, or holds NaN.</exception>
    public LoraComparison Compare(
        Adapter other,
        IReadOnlyCollection<string>? layerNames,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(other);
        if (layerNames?.Except(other.Layers.Select(static layer => layer.Name)).FirstOrDefault() is { } missing)
        {
            throw AdapterException.Missing(other.Path, missing);
        }

        (string Name, AdapterLayer? Reference, AdapterLayer? Other)[] pairs =
        [
            .. Pair(other).Where(pair => layerNames is null || (pair.Other is { } layer && layerNames.Contains(layer.Name))),
        ];
        IReadOnlyDictionary<string, BaseNorms> baseNorms = session.MeasureBase(
            other.Path,
            pairs.Select(static pair => (pair.Reference ?? pair.Other)! with { Name = pair.Name }).ToArray(),
            progress,
            cancellationToken
        );

        // Largest first, so that no thread is left alone with a large one at the end.
        int[] order = Enumerable
            .Range(0, pairs.Length)
            .OrderByDescending(index => CostOf(pairs[index].Reference) + CostOf(pairs[index].Other))
            .ToArray();
        var layers = new LayerComparison[pairs.Length];
        int done = 0;
        LayerWorkers.ForEach(
            order,
            LayerThreads.CountFor(session.Device),
            index =>
            {
                (string name, AdapterLayer? left, AdapterLayer? right) = pairs[index];
                LayerProducts products = LayerDistance.Measure(
                    left is null ? null : new ComparedLayer(reference.File, left),
                    right is null ? null : new ComparedLayer(other.File, right),
                    session.Device
                );
                layers[index] = new LayerComparison(left, right, products, baseNorms.TryGetValue(name, out BaseNorms found) ? found : null);
                progress?.Report(
                    new EngineProgress($"Comparing {Path.GetFileName(other.Path)}", Interlocked.Increment(ref done), pairs.Length)
                );
            },
            cancellationToken
        );
        var comparison = new LoraComparison(reference.Path, other.Path, layers, FindOtherTensors(other));
        ReportUncompared(comparison, progress);
        return comparison;
    }

    /// <inheritdoc/>
    public void Dispose() => reference.Dispose();

    private static long CostOf(AdapterLayer? layer) => layer is null ? 0 : (long)layer.Rank * (layer.OutFeatures + layer.InFeatures);

    private static void ReportUncompared(LoraComparison comparison, IProgress<EngineEvent>? progress)
    {
        string what =
            "not compared, since they belong to no layer of lora_up and lora_down and differ from those of "
            + $"'{comparison.ReferencePath}'";
        NameSummary.Warn(progress, comparison.Path, what, "tensor", comparison.TensorsNotCompared);
        ReportOnlyIn(comparison.ReferencePath, comparison.OnlyInReference, progress);
        ReportOnlyIn(comparison.Path, comparison.OnlyInOther, progress);
    }

    private static void ReportOnlyIn(string path, IReadOnlyList<string> layers, IProgress<EngineEvent>? progress)
    {
        if (layers.Count > 0)
        {
            string text = $"{NameSummary.Count(layers, "layer")} only in '{path}': {string.Join(", ", layers)}";
            progress?.Report(new EngineNote(EngineNoteLevel.Verbose, text));
        }
    }

    private (string Name, AdapterLayer? Reference, AdapterLayer? Other)[] Pair(Adapter other)
    {
        Dictionary<string, AdapterLayer> left = ByName(reference);
        Dictionary<string, AdapterLayer> right = ByName(other);
        foreach ((string name, AdapterLayer layer) in left)
        {
            if (right.TryGetValue(name, out AdapterLayer? match) && !layer.WeightShape.SequenceEqual(match.WeightShape))
            {
                throw new AdapterException(
                    other.Path,
                    match.Name,
                    "ShapeMismatch",
                    $"it changes a weight of shape {AdapterLayer.TextOf(match.WeightShape)}, but in '{reference.Path}' one of "
                        + $"{AdapterLayer.TextOf(layer.WeightShape)}: the files were made for different kinds of models."
                );
            }
        }

        return left
            .Keys.Concat(right.Keys.Where(name => !left.ContainsKey(name)))
            .Select(name => (name, left.GetValueOrDefault(name), right.GetValueOrDefault(name)))
            .ToArray();
    }

    private static Dictionary<string, AdapterLayer> ByName(Adapter adapter)
    {
        HashSet<string> names = adapter.Layers.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        var layers = new Dictionary<string, AdapterLayer>(StringComparer.Ordinal);
        foreach (AdapterLayer layer in adapter.Layers)
        {
            // Both spellings of one layer in one file are two layers, as loaders would take them.
            string canonical = SdxlLayerName.Canonical(layer.Name);
            if (names.Contains(canonical) || !layers.TryAdd(canonical, layer))
            {
                layers.Add(layer.Name, layer);
            }
        }

        return layers;
    }

    private string[] FindOtherTensors(Adapter other)
    {
        bool IsShared(TensorEntry tensor, Adapter from, Adapter other) =>
            other.File.Find(tensor.Name) is { } match && ComparedLayer.AreSame(from.File, tensor, other.File, match);
        return reference
            .OtherTensors.Where(tensor => !IsShared(tensor, reference, other))
            .Concat(other.OtherTensors.Where(tensor => !IsShared(tensor, other, reference)))
            .Select(static tensor => tensor.Name)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
    }
}
