using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>PEFT's LoRA of an embedding: ΔW = alpha/r · (B·A)ᵀ, with A of [r, entries] and B of [width, r].</summary>
internal sealed class EmbeddingReader : KindReader
{
    /// <inheritdoc/>
    protected override IReadOnlyList<string> Parts { get; } = ["lora_embedding_A", "lora_embedding_B"];

    /// <inheritdoc/>
    protected override bool Claims(LayerParts parts) =>
        parts.Names.Any(static part => part.StartsWith("lora_embedding_", StringComparison.Ordinal));

    /// <inheritdoc/>
    protected override LayerReading Read(LayerParts parts, KindContext context)
    {
        if (parts.Find("lora_embedding_A") is not { } down || parts.Find("lora_embedding_B") is not { } up)
        {
            return LayerReading.Kept("an incomplete LoRA of an embedding");
        }

        if (down.Shape.Count != 2 || up.Shape.Count != 2 || up.Shape[1] != down.Shape[0] || down.ElementCount * up.ElementCount == 0)
        {
            return LayerReading.Kept($"the ranks disagree: {ShapesOf(parts, [down, up])}");
        }

        LayerAlpha alpha = context.AlphaOf(parts, (int)down.Shape[0]);
        return new LayerReading(AdapterLayer.Of(parts, down, up, alpha.Value, alpha.IsAssumed) with { IsTransposed = true }, null);
    }
}

/// <summary>Whole differences of weights, without factors: LyCORIS' <c>full</c>, extractors' <c>diff</c>. They have no alpha.</summary>
/// <remarks>Vectors stay as they are, also where they stand as [1, …, d]: no rank is below theirs.</remarks>
internal sealed class DifferenceReader : KindReader
{
    /// <inheritdoc/>
    protected override IReadOnlyList<string> Parts { get; } = ["diff"];

    /// <inheritdoc/>
    protected override bool Claims(LayerParts parts) => parts.Find("diff") is not null;

    /// <inheritdoc/>
    protected override LayerReading Read(LayerParts parts, KindContext context)
    {
        // Where they are not asked for they are kept as every unknown layer is.
        TensorEntry difference = parts.Find("diff")!;
        if (!context.IncludeDifference || !IsOfWeight(difference) || parts.Alpha is not null)
        {
            return default;
        }

        var pair = FactorPair.OfMatrix(context.Factor(difference));
        return new LayerReading(
            pair.ToLayer(parts, context.File, [.. difference.Shape.Skip(1)], 1, isScaleAssumed: false, AdapterKind.Full),
            null
        );
    }

    /// <summary>Whether a difference is one of a weight, with a rank that can be cut.</summary>
    /// <param name="difference">The difference.</param>
    public static bool IsOfWeight(TensorEntry difference) =>
        IsWeightShaped(difference) && difference.Shape[0] > 1 && difference.ElementCount > difference.Shape[0];
}

/// <summary>
/// GLoRA of LyCORIS: ΔW = scale · (B₁·B₂ + W·A₁·A₂), a LoRA of twice the rank with ups [B₁, W·A₁] and downs [B₂; A₂]. The layout of
/// early versions has the factors the other way round. It needs the base weight W.
/// </summary>
internal sealed class GloraReader : KindReader
{
    /// <inheritdoc/>
    protected override IReadOnlyList<string> Parts { get; } = ["a1", "a2", "b1", "b2"];

    /// <inheritdoc/>
    protected override bool Claims(LayerParts parts) => Parts.All(part => parts.Find(part) is not null);

    /// <inheritdoc/>
    protected override LayerReading Read(LayerParts parts, KindContext context)
    {
        TensorEntry[] tensors = [.. Parts.Select(part => parts.Find(part)!)];
        if (!Array.TrueForAll(tensors, IsMatrix))
        {
            return LayerReading.Kept($"GLoRA of a convolution: {ShapesOf(parts, tensors)}");
        }

        // New: a1 [in, r], a2 [r, in], b1 [out, r], b2 [r, in]; early: a1 [r, in], a2 [in, r], b1 [r, in], b2 [out, r].
        (TensorEntry a1, TensorEntry a2, TensorEntry b1, TensorEntry b2) = (tensors[0], tensors[1], tensors[2], tensors[3]);
        bool isNew = IsPair(b1, b2, a1, a2);
        bool isEarly = IsPair(b2, b1, a2, a1);
        if (isEarly && (!isNew || b2.Shape[1] < b1.Shape[1]))
        {
            // Over a square weight the shapes fit both, but the rank is the short side.
            (a1, a2, b1, b2) = (a2, a1, b2, b1);
        }

        if (!isNew && !isEarly)
        {
            return LayerReading.Kept($"the ranks disagree: {ShapesOf(parts, tensors)}");
        }

        int rank = (int)b1.Shape[1];
        LayerAlpha alpha = context.AlphaOf(parts, rank);
        double divisor = context.Scales.HasRawRankStabilisedAlpha && !alpha.IsAssumed ? Math.Sqrt(rank) : rank;
        var overBase = new BaseProductFactor(context.Factor(a1), (int)b1.Shape[0]);
        StackedFactor.Part[] ups = [new(context.Factor(b1), rank, 1), new(overBase, rank, 1)];
        StackedFactor.Part[] downs = [new(context.Factor(b2), rank, 1), new(context.Factor(a2), rank, 1)];
        int inputs = (int)b2.Shape[1];
        var pair = new FactorPair(
            new StackedFactor(TensorType.Float32, (int)b1.Shape[0], 2 * rank, Stacked: false, ups),
            new StackedFactor(TensorType.Float32, 2 * rank, inputs, Stacked: true, downs)
        );
        AdapterLayer layer = pair.ToLayer(
            parts,
            context.File,
            [inputs, .. b2.Shape.Skip(2)],
            alpha.Value / divisor,
            alpha.IsAssumed,
            AdapterKind.GLoRA
        );
        return new LayerReading(layer with { OverBase = overBase, AlphaDivisor = divisor }, null);
    }

    private static bool IsPair(TensorEntry up, TensorEntry down, TensorEntry baseUp, TensorEntry baseDown) =>
        up.Shape[1] == down.Shape[0]
        && baseUp.Shape[1] == baseDown.Shape[0]
        && up.Shape[1] == baseUp.Shape[1]
        && baseUp.Shape[0] == down.Shape[1]
        && baseDown.Shape[1] == down.Shape[1];
}
