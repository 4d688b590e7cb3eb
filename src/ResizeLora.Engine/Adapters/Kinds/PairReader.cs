using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// LoRA, LoCon and DoRA: ΔW = alpha/r · B·A. With <c>lora_mid</c>, LyCORIS' tucker core M of [r, r, kernel], A stands under the core:
/// ΔW[o, i, k] = alpha/r · Σ B[o, m]·M[m, n, k]·A[n, i], which is a LoCon of the same rank.
/// </summary>
internal sealed class PairReader : KindReader
{
    /// <inheritdoc/>
    protected override IReadOnlyList<string> Parts { get; } = ["lora_down", "lora_up", "lora_mid"];

    /// <inheritdoc/>
    protected override bool Claims(LayerParts parts) => parts.Find("lora_down") is not null || parts.Find("lora_up") is not null;

    /// <inheritdoc/>
    protected override LayerReading Read(LayerParts parts, KindContext context)
    {
        if (parts.Find("lora_up") is not { } up || parts.Find("lora_down") is not { } down)
        {
            return LayerReading.Kept(parts.Find("lora_up") is null ? "no lora_up" : "no lora_down");
        }

        TensorEntry? core = parts.Find("lora_mid");
        string shapes = ShapesOf(parts, [down, up, core]);
        if (!IsMatrix(up) || !IsWeightShaped(down) || (core is not null && !(IsMatrix(down) && IsWeightShaped(core))))
        {
            return LayerReading.Kept(shapes);
        }

        if (core is null ? up.Shape[1] != down.Shape[0] : up.Shape[1] != core.Shape[0] || core.Shape[1] != down.Shape[0])
        {
            return LayerReading.Kept($"the ranks disagree: {shapes}");
        }

        LayerAlpha alpha = context.AlphaOf(parts, (int)down.Shape[0]);
        if (core is null)
        {
            return new LayerReading(AdapterLayer.Of(parts, down, up, alpha.Value, alpha.IsAssumed), null);
        }

        long[] kernel = [.. core.Shape.Skip(2)];
        int places = (int)kernel.Aggregate(1L, static (product, side) => product * side);
        if (!FitsFolded(core, down))
        {
            return LayerReading.Kept($"more than 2 GiB in double precision: {shapes}");
        }

        var folded = new TuckerFactor(context.Factor(core), context.Factor(down), places);
        TensorEntry whole = context.File.Add(parts.Name, "down", folded, [core.Shape[0], down.Shape[1], .. kernel]);
        double scale = alpha.Value / down.Shape[0];
        return new LayerReading(
            AdapterLayer.Of(parts, whole, up, scale * core.Shape[0], alpha.IsAssumed) with
            {
                StoredTensors = parts.Tensors,
                AlphaDivisor = down.Shape[0],
                AdapterKind = AdapterKind.LoCon,
            },
            null
        );
    }
}
