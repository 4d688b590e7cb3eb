using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// LoKr of LyCORIS and PEFT: ΔW = scale · w1⊗w2, each of them whole or a product, w2 also with a tucker core. The scale is alpha over the
/// rank of w2's product, else over that of w1's; where both are whole it is 1, whatever alpha says (ai-toolkit writes 10¹⁰ or infinity
/// there). PEFT's settings say alpha/r in any case.
/// </summary>
internal sealed class LokrReader : KindReader
{
    /// <inheritdoc/>
    protected override IReadOnlyList<string> Parts { get; } =
    ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"];

    /// <inheritdoc/>
    protected override bool Claims(LayerParts parts) => parts.Names.Any(static part => part.StartsWith("lokr_", StringComparison.Ordinal));

    /// <inheritdoc/>
    protected override LayerReading Read(LayerParts parts, KindContext context)
    {
        TensorEntry?[] tensors = [.. Parts.Select(parts.Find)];
        string shapes = ShapesOf(parts, tensors);
        if (
            ReadHalf(context, parts.Find("lokr_w1"), parts.Find("lokr_w1_a"), parts.Find("lokr_w1_b"), null) is not { } first
            || first.Kernel.Length > 0
            || ReadHalf(context, parts.Find("lokr_w2"), parts.Find("lokr_w2_a"), parts.Find("lokr_w2_b"), parts.Find("lokr_t2"))
                is not { } second
        )
        {
            return LayerReading.Kept($"an incomplete LoKr, or ranks that disagree: {shapes}");
        }

        long rows = (long)first.Pair.Up.Rows * second.Pair.Up.Rows;
        long columns = (long)first.Pair.Down.Columns * second.Pair.Down.Columns;
        long rank = (long)first.Pair.Rank * second.Pair.Rank;
        if (rank * Math.Max(rows, columns) > Adapter.MostElements)
        {
            return LayerReading.Kept($"more than 2 GiB in double precision: {shapes}");
        }

        int? dimension = second.Dimension ?? first.Dimension;
        (double scale, bool isAssumed) = ScaleOf(parts, context, dimension);
        long inputs = columns / second.Kernel.Aggregate(1L, static (product, side) => product * side);
        FactorEntries firstEntries = first.Pair.Offer(context.File, parts.Name, "w1");
        FactorEntries secondEntries = second.Pair.Offer(context.File, parts.Name, "w2");
        AdapterLayer layer = FactorPair
            .Kronecker(first.Pair, second.Pair)
            .ToLayer(parts, context.File, [inputs, .. second.Kernel], scale, isAssumed, AdapterKind.LoKr);
        return new LayerReading(
            layer with
            {
                Kronecker = new KroneckerHalves(firstEntries, secondEntries, parts),
                AlphaDivisor = dimension,
            },
            null
        );
    }

    private static (double Scale, bool IsAssumed) ScaleOf(LayerParts parts, KindContext context, int? dimension)
    {
        if (dimension is { } rank)
        {
            LayerAlpha alpha = context.AlphaOf(parts, rank);
            return (alpha.Value / rank, alpha.IsAssumed);
        }

        return (context.Scales.SettingsScaleOf(parts.Stem, parts.Spelling) ?? 1, false);
    }

    private static Half? ReadHalf(KindContext context, TensorEntry? whole, TensorEntry? left, TensorEntry? right, TensorEntry? core)
    {
        if (whole is not null)
        {
            return left is null && right is null && core is null && IsWeightShaped(whole)
                ? new Half(FactorPair.OfMatrix(context.Factor(whole)), KernelOf(whole), null)
                : null;
        }

        if (left is null || right is null || !IsMatrix(left) || !IsMatrix(right))
        {
            return null;
        }

        if (core is null)
        {
            return left.Shape[1] == right.Shape[0]
                ? new Half(FactorPair.Of(context.Factor(left), context.Factor(right)), [], (int)right.Shape[0])
                : null;
        }

        if (!IsWeightShaped(core) || core.Shape[0] != left.Shape[0] || core.Shape[1] != right.Shape[0] || !FitsFolded(core, right))
        {
            return null;
        }

        int places = (int)(core.ElementCount / core.Shape[0] / core.Shape[1]);
        var folded = new TuckerFactor(context.Factor(core), context.Factor(right), places);
        return new Half(FactorPair.Of(new TransposedFactor(context.Factor(left)), folded), KernelOf(core), (int)right.Shape[0]);
    }

    private static long[] KernelOf(TensorEntry tensor) => [.. tensor.Shape.Skip(2)];

    // One half, the kernel that its shape says, and the rank that alpha is divided by.
    private sealed record Half(FactorPair Pair, long[] Kernel, int? Dimension);
}

/// <summary>The two halves of a Kronecker product.</summary>
/// <param name="First">w1.</param>
/// <param name="Second">w2, its kernel flat.</param>
/// <param name="Parts">The tensors as the file holds them.</param>
internal sealed record KroneckerHalves(FactorEntries First, FactorEntries Second, LayerParts Parts);
