using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Sessions;

namespace ResizeLora.Comparison;

/// <summary>Compares LoRA files with a reference, layer by layer.</summary>
public sealed class LoraComparer : IDisposable
{
    private readonly ResizeSession session;
    private readonly Adapter reference;

    /// <summary>Opens the reference.</summary>
    /// <param name="session">Device and base model; stays the caller's.</param>
    /// <param name="referencePath">The LoRA file to compare with.</param>
    /// <param name="includeDifference">Whether whole differences of the reference are compared too.</param>
    /// <exception cref="UnsupportedFileException">It is no LoRA file.</exception>
    /// <exception cref="ResizeLoraException">It is damaged, or a layer contradicts itself.</exception>
    public LoraComparer(ResizeSession session, string referencePath, bool includeDifference = false)
    {
        ArgumentNullException.ThrowIfNull(session);
        this.session = session;
        ReferencePath = referencePath;
        reference =
            LoraFileOpener.TryOpen(
                PeftFolder.AdapterIn(referencePath) ?? referencePath,
                new LoraFileOptions(TakesResized: true, includeDifference, session.Checkpoints.Count > 0),
                out SkipReason? reason
            ) ?? throw new UnsupportedFileException(referencePath, $"'{referencePath}' {reason}; nothing can be compared with it.");
    }

    /// <summary>The reference, as it was named.</summary>
    public string ReferencePath { get; }

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
        // Some layers take part only where a base model is joined.
        AdapterBase? referenceBase = session.BaseFor(reference);
        AdapterBase? otherBase = session.BaseFor(other);
        if (layerNames?.Except(other.Layers.Select(static layer => layer.Name)).FirstOrDefault() is { } missing)
        {
            throw AdapterException.Missing(other.Path, missing);
        }

        (AdapterLayer? Reference, AdapterLayer? Other)[] pairs =
        [
            .. Pair(other).Where(pair => layerNames is null || (pair.Other is { } layer && layerNames.Contains(layer.Name))),
        ];
        IReadOnlyDictionary<string, BaseNorms> ofReference = session.MeasureBase(
            referenceBase,
            reference.Path,
            [.. pairs.Select(static pair => pair.Reference).OfType<AdapterLayer>()],
            progress,
            cancellationToken
        );
        IReadOnlyDictionary<string, BaseNorms> ofOther = session.MeasureBase(
            otherBase,
            other.Path,
            [.. pairs.Where(static pair => pair.Reference is null).Select(static pair => pair.Other!)],
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
            LayerThreads.Count,
            index =>
            {
                (AdapterLayer? left, AdapterLayer? right) = pairs[index];
                LayerProducts products = LayerDistance.Measure(
                    left is null ? null : new ComparedLayer(reference.File, left),
                    right is null ? null : new ComparedLayer(other.File, right),
                    session.Layers
                );
                bool isKnown = left is not null
                    ? ofReference.TryGetValue(left.Name, out BaseNorms found)
                    : ofOther.TryGetValue(right!.Name, out found);
                layers[index] = new LayerComparison(left, right, products, isKnown ? found : null);
                progress?.Report(
                    new EngineProgress($"Comparing {Path.GetFileName(other.Path)}", Interlocked.Increment(ref done), pairs.Length)
                );
            },
            cancellationToken
        );
        session.WarnOfMemory(progress);
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

    private (AdapterLayer? Reference, AdapterLayer? Other)[] Pair(Adapter other)
    {
        Dictionary<(LayerKey, int), AdapterLayer> left = ByKey(reference);
        Dictionary<(LayerKey, int), AdapterLayer> right = ByKey(other);
        foreach (((LayerKey, int) key, AdapterLayer layer) in left)
        {
            if (right.TryGetValue(key, out AdapterLayer? match) && !layer.HasWeightShapeOf(match))
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

        return
        [
            .. left.Select(pair => ((AdapterLayer?)pair.Value, right.GetValueOrDefault(pair.Key))),
            .. right.Where(pair => !left.ContainsKey(pair.Key)).Select(static pair => ((AdapterLayer?)null, (AdapterLayer?)pair.Value)),
        ];
    }

    // Several spellings of one layer in one file are several layers, as loaders take them; the first of each file are a pair, and so on.
    private static Dictionary<(LayerKey Key, int Occurrence), AdapterLayer> ByKey(Adapter adapter)
    {
        var layers = new Dictionary<(LayerKey, int), AdapterLayer>();
        foreach (AdapterLayer layer in adapter.Layers)
        {
            int occurrence = 0;
            while (!layers.TryAdd((layer.Key, occurrence), layer))
            {
                occurrence++;
            }
        }

        return layers;
    }

    private string[] FindOtherTensors(Adapter other)
    {
        bool IsShared(TensorEntry tensor, Adapter from, Adapter other) =>
            other.File.Find(tensor.Name) is { } match && ComparedLayer.AreSame(from.File, tensor, other.File, match);
        static IEnumerable<TensorEntry> BesideOf(Adapter adapter) =>
            [.. adapter.OtherTensors, .. adapter.Layers.Select(static layer => layer.Magnitude).OfType<TensorEntry>()];
        return BesideOf(reference)
            .Where(tensor => !IsShared(tensor, reference, other))
            .Concat(BesideOf(other).Where(tensor => !IsShared(tensor, other, reference)))
            .Select(static tensor => tensor.Name)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
    }
}
