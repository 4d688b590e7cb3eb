using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>Takes along what stands beside the factors of a layer: magnitudes of DoRA, the change of its bias, its wider shape.</summary>
/// <param name="adapter">The input.</param>
/// <param name="tensors">The input's tensors by layer.</param>
/// <param name="draft">Takes the tensors.</param>
/// <param name="naming">In whose words they are named.</param>
internal sealed class RenamedSides(Adapter adapter, LayerTensors tensors, ConversionDraft draft, LoraNaming naming)
{
    private const string Widening = "reshape_weight";

    private readonly PartSuffixes suffixes = PartSuffixes.Of(naming);

    /// <summary>Why they cannot be taken along; null where they can.</summary>
    /// <param name="parts">What a layer of the output is made of.</param>
    public string? ReasonToLeave(IReadOnlyList<FactorRows> parts)
    {
        bool isPlaced = !naming.IsOfPeft() && parts is [{ AreAll: true }];
        if (!isPlaced && parts.Any(part => tensors.SideOf(part.Layer, Widening) is not null))
        {
            return "its weight is made wider first";
        }

        TensorEntry?[] magnitudes = [.. parts.Select(static part => part.Layer.Magnitude)];
        if (Array.Exists(magnitudes, static side => side is null) && Array.Exists(magnitudes, static side => side is not null))
        {
            return "only some of its parts have magnitudes";
        }

        if (parts.Any(static part => part.Layer.IsMagnitudePerInput))
        {
            return isPlaced ? null : "its magnitudes are those of the inputs";
        }

        static bool Fits(TensorEntry? side, FactorRows part) => side is null || side.ElementCount == part.Layer.OutFeatures;
        return !parts.All(static part => Fits(part.Layer.Magnitude, part)) ? "its magnitudes do not fit its rows"
            : !parts.All(part => Fits(BiasOf(part), part)) ? "the change of its bias does not fit its rows"
            : null;
    }

    /// <summary>Adds them to the output.</summary>
    /// <param name="pair">The layer's factors.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="source">The layer of the input.</param>
    public void Add(ConvertedPair pair, IReadOnlyList<FactorRows> parts, int rows, string source)
    {
        AddMagnitudes(pair, parts, rows, source);
        AddBias(pair, parts, rows, source);
        if (tensors.SideOf(parts[0].Layer, Widening) is { } widening)
        {
            draft.AddCopy($"{pair.Name}.{Widening}", widening, source);
        }
    }

    private TensorEntry? BiasOf(FactorRows part) => tensors.SideOf(part.Layer, PartSuffixes.BiasPart);

    private void AddMagnitudes(ConvertedPair pair, IReadOnlyList<FactorRows> parts, int rows, string source)
    {
        if (parts[0].Layer.Magnitude is not { } magnitude)
        {
            return;
        }

        draft.HasMagnitudes = true;
        string name = pair.Name + suffixes.Magnitude;
        if (parts[0].Layer.IsMagnitudePerInput)
        {
            draft.AddCopy(name, magnitude, source);
            return;
        }

        var vector = new ConvertedVector(adapter.File, [.. parts.Select(static part => (part.Layer.Magnitude!, part.Runs, 1.0))], rows);
        draft.Add(name, vector.Type, MagnitudeShape(pair, rows), vector.Write, source);
    }

    private void AddBias(ConvertedPair pair, IReadOnlyList<FactorRows> parts, int rows, string source)
    {
        (TensorEntry Bias, FactorRows Part)[] biases =
        [
            .. parts.Select(part => (Bias: BiasOf(part), Part: part)).Where(static side => side.Bias is not null)!,
        ];
        if (biases.Length == 0)
        {
            return;
        }

        draft.HasBiases = true;
        double written = naming.IsOfPeft() && pair.Scale != 0 ? pair.Scale : 1;
        var vector = new ConvertedVector(
            adapter.File,
            [.. biases.Select(side => (side.Bias, side.Part.Runs, BiasScaleOf(side.Bias, side.Part.Layer) / written))],
            rows
        );
        draft.Add(pair.Name + suffixes.Bias, vector.Type, [rows], vector.Write, source);
    }

    // PEFT's readers multiply the bias with the scale, others do not.
    private static double BiasScaleOf(TensorEntry bias, AdapterLayer layer) =>
        bias.Name.EndsWith(PartSuffixes.ScaledBias, StringComparison.Ordinal) ? layer.Scale : 1;

    // [out] in PEFT, of a convolution [1, out, 1, 1]; elsewhere [out, 1] and [out, 1, 1, 1].
    private long[] MagnitudeShape(ConvertedPair pair, int rows)
    {
        int kernel = pair.DownShape.Count - 2;
        long[] ones = [.. Enumerable.Repeat(1L, kernel)];
        return !naming.IsOfPeft() ? [rows, 1, .. ones]
            : kernel == 0 ? [rows]
            : [1, rows, .. ones];
    }
}
