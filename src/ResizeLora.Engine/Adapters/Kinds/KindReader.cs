using System.Globalization;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>What a layer's tensors come to: a layer, or the reason why they are kept as they are, or nothing.</summary>
/// <param name="Layer">The layer, or null.</param>
/// <param name="Reason">Why there is none; null where the tensors are nobody's concern.</param>
internal readonly record struct LayerReading(AdapterLayer? Layer, string? Reason)
{
    /// <summary>Tensors that stay as they are.</summary>
    /// <param name="reason">Why.</param>
    public static LayerReading Kept(string reason) => new(null, reason);
}

/// <summary>What the readers of kinds share: the file to which they add factors, the scales, and what is asked for.</summary>
/// <param name="File">The file.</param>
/// <param name="Scales">The scales of its layers.</param>
/// <param name="IncludeDifference">Whether whole differences become layers.</param>
internal sealed record KindContext(FactorFile File, LayerScales Scales, bool IncludeDifference)
{
    /// <summary>The alpha of a layer.</summary>
    /// <param name="parts">The layer.</param>
    /// <param name="rank">The rank that alpha is divided by.</param>
    /// <exception cref="AdapterException">It is NaN or infinite.</exception>
    public LayerAlpha AlphaOf(LayerParts parts, int rank)
    {
        LayerAlpha alpha = Scales.AlphaOf(parts.Stem, parts.Spelling, parts.Alpha, rank);
        if (!double.IsFinite(alpha.Value))
        {
            // As with NaN in a factor, the training has failed: a copy of such a layer would pass for a sound one.
            string text = alpha.Value.ToString(CultureInfo.InvariantCulture);
            throw new AdapterException(File.Path, parts.Name, "AlphaInvalid", $"its alpha is {text}, not a number.");
        }

        return alpha;
    }

    /// <summary>A tensor as a factor: its first dimension by all the others.</summary>
    /// <param name="tensor">The tensor.</param>
    public IFactor Factor(TensorEntry tensor) => new StoredFactor(File, tensor);
}

/// <summary>Reads the layers of one kind of adapter.</summary>
internal abstract class KindReader
{
    /// <summary>The most dimensions of a weight: those of a convolution over time, height and width.</summary>
    protected const int MostDimensions = 5;

    // Of two kinds that a layer may be, the first counts, as in loaders.
    private static readonly KindReader[] Known =
    [
        new PairReader(),
        new LohaReader(),
        new LokrReader(),
        new GloraReader(),
        new EmbeddingReader(),
        new DifferenceReader(),
    ];

    /// <summary>The names of the parts of this kind.</summary>
    protected abstract IReadOnlyList<string> Parts { get; }

    /// <summary>Reads a layer of any kind.</summary>
    /// <param name="parts">Its tensors.</param>
    /// <param name="context">What the readers share.</param>
    /// <exception cref="AdapterException">Its alpha is NaN or infinite.</exception>
    public static LayerReading ReadAny(LayerParts parts, KindContext context)
    {
        if (Array.Find(Known, reader => reader.Claims(parts)) is not { } reader)
        {
            return default;
        }

        if ((parts.Extra ?? parts.Names.FirstOrDefault(part => !reader.Parts.Contains(part))) is { } extra)
        {
            return LayerReading.Kept($"it also has {TrainerText.Clean(extra, longest: 40) ?? "a part without a name"}");
        }

        TensorEntry[] numbers = [.. reader.Parts.Select(parts.Find).OfType<TensorEntry>()];
        if (Array.Find(numbers, static tensor => !TensorTypes.IsWeight(tensor.Type)) is not null)
        {
            return LayerReading.Kept(
                $"weights of type {string.Join(" and ", numbers.Select(static tensor => TensorTypes.NameOf(tensor.Type)).Distinct())}"
            );
        }

        if (Array.Find(numbers, static tensor => tensor.ElementCount > Adapter.MostElements) is { } large)
        {
            return LayerReading.Kept($"more than 2 GiB in double precision: {ShapesOf(parts, [large])}");
        }

        if (parts.Alpha is { } alpha && !ScalarReader.IsReadable(alpha))
        {
            return LayerReading.Kept($"its alpha is {TensorTypes.NameOf(alpha.Type)} {alpha.ShapeText}, not one number");
        }

        LayerReading reading = reader.Read(parts, context);
        return reading.Layer is { } layer ? WithMagnitude(layer, parts.Magnitude) : reading;
    }

    /// <summary>Whether a layer is of this kind, as far as the names of its parts tell.</summary>
    /// <param name="parts">The layer's tensors.</param>
    protected abstract bool Claims(LayerParts parts);

    /// <summary>Reads a layer of this kind.</summary>
    /// <param name="parts">Its tensors.</param>
    /// <param name="context">What the readers share.</param>
    protected abstract LayerReading Read(LayerParts parts, KindContext context);

    /// <summary>The reason why tensors of these shapes are not a layer of this kind.</summary>
    /// <param name="parts">The layer.</param>
    /// <param name="tensors">The tensors to name.</param>
    protected static string ShapesOf(LayerParts parts, IEnumerable<TensorEntry?> tensors) =>
        string.Join(
            ", ",
            tensors.OfType<TensorEntry>().Select(tensor => $"{parts.Names.First(part => parts.Find(part) == tensor)} {tensor.ShapeText}")
        );

    /// <summary>Whether a tensor is a matrix, a 1×1 kernel's taken as one.</summary>
    /// <param name="tensor">The tensor.</param>
    protected static bool IsMatrix(TensorEntry tensor) =>
        tensor.Shape.Count is >= 2 and <= MostDimensions && tensor.ElementCount > 0 && tensor.Shape.Skip(2).All(static side => side == 1);

    /// <summary>Whether a tensor has the shape of a weight: a matrix or a convolution.</summary>
    /// <param name="tensor">The tensor.</param>
    protected static bool IsWeightShaped(TensorEntry tensor) => tensor.Shape.Count is >= 2 and <= MostDimensions && tensor.ElementCount > 0;

    /// <summary>Whether a factor under a tucker core is no larger than an array holds.</summary>
    /// <param name="core">The core, [p, q, kernel…].</param>
    /// <param name="down">The factor, [q, in].</param>
    protected static bool FitsFolded(TensorEntry core, TensorEntry down) =>
        (double)core.ElementCount / core.Shape[1] * down.Shape[1] <= Adapter.MostElements;

    // Per output: [out], [out, 1], [out, 1, 1, 1], and PEFT's [1, out, 1, 1] of convolutions. Per input: [1, in], [1, in, 1, 1].
    private static LayerReading WithMagnitude(AdapterLayer layer, TensorEntry? magnitude)
    {
        if (magnitude is null)
        {
            return new LayerReading(layer, null);
        }

        if (layer.IsTransposed || layer.AdapterKind is AdapterKind.GLoRA or AdapterKind.Full)
        {
            return LayerReading.Kept("magnitudes over a layer of this kind");
        }

        bool isWide = magnitude.Shape.Count > 1 && magnitude.Shape[0] == 1;
        bool fitsOutput = magnitude.ElementCount == layer.OutFeatures;
        bool fitsInput = magnitude.ElementCount == layer.InputShape[0];
        bool ofPeft = !magnitude.Name.EndsWith(".dora_scale", StringComparison.Ordinal);
        bool? perInput =
            isWide && fitsInput && !(ofPeft && fitsOutput) ? true
            : fitsOutput ? false
            : null;
        return perInput is null || !TensorTypes.IsWeight(magnitude.Type)
            ? LayerReading.Kept($"its magnitudes are {TensorTypes.NameOf(magnitude.Type)} {magnitude.ShapeText}")
            : new LayerReading(
                layer with
                {
                    Magnitude = magnitude,
                    IsMagnitudePerInput = perInput.Value,
                    AdapterKind = layer.AdapterKind is AdapterKind.LoRA or AdapterKind.LoCon ? AdapterKind.DoRA : layer.AdapterKind,
                },
                null
            );
    }
}
