using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>How the layers of a pair are written, for one selection of dimensions.</summary>
/// <param name="Way">Which of the ways.</param>
/// <param name="Kept">The dimensions that stay of each of the pair's layers; more than selected where the way keeps more.</param>
/// <param name="Written">The tensors that are computed.</param>
/// <param name="Copied">The tensors of the input that are copied.</param>
internal sealed record OutputForm(
    OutputWay Way,
    IReadOnlyList<int[]> Kept,
    IReadOnlyList<(string Name, TensorType Type, IReadOnlyList<long> Shape)> Written,
    IReadOnlyList<TensorEntry> Copied
)
{
    private static readonly string[] FirstHalf = ["lokr_w1", "lokr_w1_a", "lokr_w1_b"];

    /// <summary>Why the form was chosen where there was a choice; null where there was none.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the layer becomes larger than it was, and nobody has asked for that.</summary>
    public bool GrowsUnasked { get; init; }

    /// <summary>The rank to which the second half of a Kronecker product is cut.</summary>
    public int SecondRank { get; init; }

    /// <summary>The sum of the ranks.</summary>
    public int Rank => Kept.Sum(static kept => kept.Length);

    /// <summary>The size of the tensors in bytes.</summary>
    public long ByteLength =>
        Written.Sum(static tensor =>
            tensor.Shape.Aggregate((long)TensorTypes.BytesOf(tensor.Type), static (product, side) => product * side)
        ) + Copied.Sum(static tensor => tensor.ByteLength);

    /// <summary>Chooses the form of a pair.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="spectra">Its layers.</param>
    /// <param name="kept">The selected dimensions of each.</param>
    /// <param name="choice">What is asked for.</param>
    public static OutputForm Choose(OutputPair pair, IReadOnlyList<LayerSpectrum> spectra, IReadOnlyList<int[]> kept, FormChoice choice)
    {
        AdapterLayer layer = pair.Stored;
        if (kept.All(static dimensions => dimensions.Length == 0))
        {
            return new OutputForm(OutputWay.Dropped, kept, [], []);
        }

        OutputForm asPair = AsPair(pair, kept, choice.Type);
        if (layer.StoredTensors is not { } stored || spectra is not [var spectrum])
        {
            return asPair;
        }

        // The files of PEFT's folders are of one kind, which their settings name: LoRA, or that of the input.
        if (layer.IsOfPeft && choice.Kind == OutputKind.Same)
        {
            return AsStored(stored, spectrum, choice);
        }

        if (choice.Kind == OutputKind.LoRA || layer.IsOfPeft)
        {
            OutputForm asStored = AsStored(stored, spectrum, choice);
            return asPair with
            {
                Reason = ReasonOf(OutputWay.Pair, layer, [asPair, asStored]),
                GrowsUnasked = choice.Kind == OutputKind.Smallest && asPair.ByteLength > asStored.ByteLength,
            };
        }

        // Of equal sizes the one that loses the least comes first.
        var forms = new List<OutputForm> { AsStored(stored, spectrum, choice) };
        if (spectrum.KroneckerRankOf(kept[0]) is { } rank && rank < spectrum.KroneckerRank)
        {
            forms.Add(Reduced(layer, spectrum, rank, choice.Type));
        }

        if (choice.Kind == OutputKind.Smallest)
        {
            forms.Add(asPair);
        }

        OutputForm smallest = forms.MinBy(static form => form.ByteLength)!;
        return smallest with { Reason = ReasonOf(smallest.Way, layer, forms) };
    }

    private static OutputForm AsPair(OutputPair pair, IReadOnlyList<int[]> kept, TensorType type) =>
        new(
            OutputWay.Pair,
            kept,
            [.. pair.Tensors(kept.Sum(static dimensions => dimensions.Length), type)],
            pair.Stored.Magnitude is { } magnitude ? [magnitude] : []
        );

    /// <summary>A layer as it is. Its strength lies in alpha, or in one tensor: that one is written anew where the strength changes.</summary>
    /// <param name="stored">Its tensors.</param>
    /// <param name="spectrum">The layer.</param>
    /// <param name="choice">What is asked for.</param>
    public static OutputForm AsStored(IReadOnlyList<TensorEntry> stored, LayerSpectrum spectrum, FormChoice choice)
    {
        IReadOnlyList<int[]> all =
        [
            [.. Enumerable.Range(0, spectrum.SingularValues.Length)],
        ];
        if (choice.Rescale == 1)
        {
            return new OutputForm(OutputWay.Stored, all, [], stored);
        }

        AdapterLayer layer = spectrum.Source;
        TensorEntry? scaled = ScaledTensorOf(layer);
        return scaled is null
            ? new OutputForm(
                OutputWay.Stored,
                all,
                [(NameOfAlpha(layer), TensorType.Float32, layer.AlphaTensor?.Shape ?? [])],
                [.. stored.Where(tensor => tensor != layer.AlphaTensor)]
            )
            : new OutputForm(
                OutputWay.Stored,
                all,
                [(scaled.Name, choice.Type, scaled.Shape)],
                [.. stored.Where(tensor => tensor != scaled)]
            );
    }

    /// <summary>The tensor that is multiplied where a layer is rescaled and alpha has no effect, or no reader; null where it has.</summary>
    /// <param name="layer">A layer whose factors are computed.</param>
    public static TensorEntry? ScaledTensorOf(AdapterLayer layer) =>
        layer.AlphaDivisor is not null && (layer.AlphaTensor is not null || !layer.IsOfPeft) ? null
        : layer.Kronecker is { } halves ? halves.Parts.Find("lokr_w1") ?? halves.Parts.Find("lokr_w1_a")
        : layer.StoredTensors!.First(tensor => tensor != layer.AlphaTensor && tensor != layer.Magnitude);

    /// <summary>A LoKr whose second half is cut to a rank: alpha, the two factors of that half, and the rest as it is.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="spectrum">Its spectrum.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="type">The type of the factors.</param>
    public static OutputForm Reduced(AdapterLayer layer, LayerSpectrum spectrum, int rank, TensorType type)
    {
        KroneckerHalves halves = layer.Kronecker!;
        TensorEntry[] kept =
        [
            .. FirstHalf.Select(halves.Parts.Find).OfType<TensorEntry>(),
            .. new[] { layer.Magnitude }.OfType<TensorEntry>(),
        ];
        return new OutputForm(
            OutputWay.Reduced,
            [spectrum.KroneckerDimensionsWithin(rank)],
            [
                (NameOfAlpha(layer), OutputAlpha.Create(layer.Scale, rank, type).Type, layer.AlphaTensor?.Shape ?? []),
                ($"{layer.Stem}.lokr_w2_a", type, [halves.Second.Rows, rank]),
                ($"{layer.Stem}.lokr_w2_b", type, [rank, halves.Second.Columns]),
            ],
            kept
        )
        {
            SecondRank = rank,
        };
    }

    /// <summary>The name of a layer's alpha, which a LoKr cut in its second half needs.</summary>
    /// <param name="layer">The layer.</param>
    public static string NameOfAlpha(AdapterLayer layer) => layer.AlphaTensor?.Name ?? $"{layer.Stem}.alpha";

    private static string? ReasonOf(OutputWay chosen, AdapterLayer layer, List<OutputForm> forms)
    {
        if (forms.Count < 2)
        {
            return null;
        }

        string Text(OutputForm form) =>
            form.Way switch
            {
                OutputWay.Stored => $"{layer.AdapterKind} as it is",
                OutputWay.Reduced => string.Create(
                    CultureInfo.InvariantCulture,
                    $"LoKr with its second half cut to rank {form.SecondRank}"
                ),
                _ => string.Create(CultureInfo.InvariantCulture, $"{layer.PairKind} of rank {form.Rank}"),
            };
        string Size(OutputForm form) => string.Create(CultureInfo.InvariantCulture, $"{Text(form)}: {form.ByteLength:N0} bytes");
        return string.Join("; ", forms.OrderBy(form => form.Way != chosen).ThenBy(static form => form.ByteLength).Select(Size));
    }
}

/// <summary>The ways to write a layer.</summary>
internal enum OutputWay
{
    /// <summary>Not at all.</summary>
    Dropped,

    /// <summary>As a pair of factors: LoRA or LoCon.</summary>
    Pair,

    /// <summary>As a LoKr whose second half is cut.</summary>
    Reduced,

    /// <summary>As it is.</summary>
    Stored,
}

/// <summary>What decides on the form of layers.</summary>
/// <param name="Kind">Which forms are allowed.</param>
/// <param name="Type">The type that factors are written in.</param>
/// <param name="Rescale">What the change is multiplied with.</param>
internal readonly record struct FormChoice(OutputKind Kind, TensorType Type, double Rescale);
