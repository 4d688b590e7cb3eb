using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// LoHa of LyCORIS and PEFT: ΔW = alpha/r · (A₁·B₁)∘(A₂·B₂), where A are the names' <c>_a</c> of [out, r]. With tucker cores
/// <c>hada_t</c> of [r, r, kernel] the <c>_a</c> are [r, out] and the <c>_b</c> [r, in], and each product is Aᵀ·(core × B). The Hadamard
/// product is a LoRA of rank r² by Khatri–Rao products; where that is above the layer's sides, the matrix itself is the factor.
/// </summary>
internal sealed class LohaReader : KindReader
{
    /// <inheritdoc/>
    protected override IReadOnlyList<string> Parts { get; } = ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"];

    /// <inheritdoc/>
    protected override bool Claims(LayerParts parts) => parts.Names.Any(static part => part.StartsWith("hada_", StringComparison.Ordinal));

    /// <inheritdoc/>
    protected override LayerReading Read(LayerParts parts, KindContext context)
    {
        TensorEntry?[] tensors = [.. Parts.Select(parts.Find)];
        if (
            tensors is not [{ } up1, { } down1, { } up2, { } down2, var core1, var core2]
            || (core1 is null) != (core2 is null)
            || !Array.TrueForAll([up1, down1, up2, down2], IsMatrix)
        )
        {
            return LayerReading.Kept($"an incomplete LoHa: {ShapesOf(parts, tensors)}");
        }

        if (PairOf(context, up1, down1, core1) is not { } first || PairOf(context, up2, down2, core2) is not { } second)
        {
            return LayerReading.Kept($"the ranks disagree: {ShapesOf(parts, tensors)}");
        }

        if (first.Rows != second.Rows || first.Columns != second.Columns || !HaveOneKernel(core1, core2))
        {
            return LayerReading.Kept($"the two products have different shapes: {ShapesOf(parts, tensors)}");
        }

        LayerAlpha alpha = context.AlphaOf(parts, (int)down1.Shape[0]);
        double scale = alpha.Value / down1.Shape[0];
        long[] inputs = core1 is null ? [first.Columns] : [down1.Shape[1], .. core1.Shape.Skip(2)];
        long rank = (long)first.Rank * second.Rank;
        int shortSide = Math.Min(first.Rows, first.Columns);
        if (Math.Min(rank, shortSide) * Math.Max(first.Rows, first.Columns) > Adapter.MostElements)
        {
            return LayerReading.Kept($"more than 2 GiB in double precision: {ShapesOf(parts, tensors)}");
        }

        HadamardHalves? halves =
            rank <= shortSide
                ? new HadamardHalves(first.Offer(context.File, parts.Name, "w1"), second.Offer(context.File, parts.Name, "w2"))
                : null;
        FactorPair pair = halves is null
            ? FactorPair.OfMatrix(
                new HadamardFactor(new ProductFactor(first.Up, first.Down), new ProductFactor(second.Up, second.Down))
            )
            : FactorPair.Hadamard(first, second);
        AdapterLayer layer = pair.ToLayer(parts, context.File, inputs, scale, alpha.IsAssumed, AdapterKind.LoHa);
        return new LayerReading(layer with { AlphaDivisor = down1.Shape[0], Hadamard = halves }, null);
    }

    private static FactorPair? PairOf(KindContext context, TensorEntry up, TensorEntry down, TensorEntry? core)
    {
        if (core is null)
        {
            return up.Shape[1] == down.Shape[0] ? new FactorPair(context.Factor(up), context.Factor(down)) : null;
        }

        if (!IsWeightShaped(core) || core.Shape[0] != up.Shape[0] || core.Shape[1] != down.Shape[0] || !FitsFolded(core, down))
        {
            return null;
        }

        int places = (int)(core.ElementCount / core.Shape[0] / core.Shape[1]);
        return new FactorPair(
            new TransposedFactor(context.Factor(up)),
            new TuckerFactor(context.Factor(core), context.Factor(down), places)
        );
    }

    private static bool HaveOneKernel(TensorEntry? first, TensorEntry? second) =>
        first is null || second is null || first.Shape.Skip(2).SequenceEqual(second.Shape.Skip(2));
}

/// <summary>The two products of a Hadamard product, where their factors make factors of it.</summary>
/// <param name="First">w1.</param>
/// <param name="Second">w2.</param>
internal sealed record HadamardHalves(FactorEntries First, FactorEntries Second);
