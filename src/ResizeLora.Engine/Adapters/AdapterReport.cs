using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Says what of an adapter is kept as it is, and what its file does not say.</summary>
public static class AdapterReport
{
    // As the inventory calls a layer that has no factors.
    private const string DifferenceReason = nameof(AdapterKind.Full);

    /// <summary>Which layers have neither an alpha nor settings that say their scale, all by name; null when there are none.</summary>
    /// <param name="adapter">The adapter.</param>
    public static string? DescribeAssumedScales(this Adapter adapter)
    {
        string[] assumed = [.. adapter.Layers.Where(static layer => layer.IsScaleAssumed).Select(static layer => layer.Name)];
        if (assumed.Length == 0)
        {
            return null;
        }

        string count = NameSummary.Count(assumed, "layer", adapter.Architecture);
        return DisplayText.Of(
            $"'{adapter.Path}': neither an alpha nor settings say the scale of {count}; it is taken to be 1: {NameSummary.All(assumed)}"
        );
    }

    /// <summary>Warns of the layers and tensors that are no part of <see cref="Adapter.Layers"/>.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="progress">Takes the notes.</param>
    /// <param name="whatOfLayers">What is done with layers that are not understood, such as <c>copied unchanged</c>.</param>
    /// <param name="whatOfTensors">The same of tensors that belong to no layer; null where nobody needs to know of them.</param>
    public static void ReportKept(this Adapter adapter, IProgress<EngineEvent>? progress, string whatOfLayers, string? whatOfTensors)
    {
        string[] layers = [.. adapter.KeptLayers.Select(static layer => layer.Name)];
        KeptLayer[] differences =
        [
            .. adapter.KeptLayers.Where(static layer => layer.Kind == AdapterKind.Full && layer.Reason == DifferenceReason),
        ];
        HashSet<string> overBase = adapter.LayersOverBase.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        KeptLayer[] baseless = [.. adapter.KeptLayers.Where(layer => overBase.Contains(layer.Name))];
        KeptLayer[] unknown = [.. adapter.KeptLayers.Except(differences).Except(baseless)];
        NameSummary.Warn(
            progress,
            adapter.Path,
            "copied unchanged, since they are GLoRA, which can be resized over its base model alone",
            "layer",
            [.. baseless.Select(static layer => layer.Name)],
            noteCase: EngineNote.NeedsBase,
            architecture: adapter.Architecture
        );
        NameSummary.Warn(
            progress,
            adapter.Path,
            whatOfLayers,
            "layer",
            [.. unknown.Select(static layer => layer.Name)],
            [.. unknown.Select(static layer => layer.Reason)],
            architecture: adapter.Architecture
        );
        HashSet<string> whole = differences.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        bool couldBeLayers =
            !adapter.IncludesDifference && adapter.OtherTensors.Any(tensor => DifferenceReader.IsOfWeight(tensor) && IsDifferenceOf(tensor, whole));
        NameSummary.Warn(
            progress,
            adapter.Path,
            "copied unchanged, since they are whole differences of weights, biases or norms",
            "layer",
            [.. differences.Select(static layer => layer.Name)],
            noteCase: couldBeLayers ? EngineNote.Differences : null,
            architecture: adapter.Architecture
        );
        if (whatOfTensors is not null)
        {
            HashSet<string> known = layers.ToHashSet(StringComparer.Ordinal);
            bool IsLoose(TensorEntry tensor) =>
                !known.Contains(AdapterTensorName.Parse(tensor.Name)?.Layer ?? tensor.Name[..Math.Max(tensor.Name.LastIndexOf('.'), 0)]);
            string[] loose = [.. adapter.OtherTensors.Where(IsLoose).Select(static tensor => tensor.Name)];
            string[] beside = [.. loose.Where(static tensor => AdapterTensorName.Parse(tensor) is { Part: AdapterPart.Beside })];
            NameSummary.Warn(
                progress,
                adapter.Path,
                whatOfTensors,
                "tensor",
                [.. loose.Except(beside)],
                architecture: adapter.Architecture
            );
            if (beside.Length > 0)
            {
                string text =
                    $"'{adapter.Path}': {NameSummary.Count(beside, "tensor", adapter.Architecture)} beside the factors: {NameSummary.Sample(beside)}";
                progress?.Report(new EngineNote(EngineNoteLevel.Verbose, text));
            }
        }
    }

    private static bool IsDifferenceOf(TensorEntry tensor, HashSet<string> layers) =>
        AdapterTensorName.Parse(tensor.Name) is { Suffix: "diff" } name && layers.Contains(name.Layer);
}
