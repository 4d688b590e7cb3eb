using static TorchSharp.torch;

namespace ResizeLora.Tests;

/// <summary>ΔW of every kind of adapter by its definition, in double precision: what the engine's shorter ways must agree with.</summary>
/// <remarks>
/// Parts go by the names that <see cref="PlainNames"/> gives them, each a tensor of doubles in the shape of its file.
/// </remarks>
internal static class PlainKinds
{
    /// <summary>ΔW of a layer, in the shape of the weight as far as the parts tell it.</summary>
    /// <param name="parts">The layer's parts.</param>
    /// <param name="weight">The base weight, which GLoRA needs.</param>
    /// <param name="scaleOf">The scale of a layer without alpha by its rank; 1 where it is not given.</param>
    /// <returns>ΔW; null where the parts make none, or not without the base weight.</returns>
    public static Tensor? ChangeOf(IReadOnlyDictionary<string, Tensor> parts, Tensor? weight = null, Func<long, double>? scaleOf = null)
    {
        double Scale(long rank) => ScaleOf(parts, rank, scaleOf);
        return parts switch
        {
            _ when parts.ContainsKey(PlainParts.Up) && parts.ContainsKey(PlainParts.Down) => LoRA(parts, Scale),
            _ when parts.ContainsKey("hada_w1_a") => LoHa(parts, Scale),
            _ when IsKronecker(parts) => LoKr(parts, Scale),
            _ when parts.ContainsKey("a1") && weight is not null => GLoRA(parts, weight, Scale),
            _ when parts.ContainsKey("lora_embedding_A") => Embedding(parts, Scale),
            _ => parts.GetValueOrDefault("diff"),
        };
    }

    /// <summary>ΔW as a matrix, out × in·kernel.</summary>
    public static Tensor Flat(Tensor change) => change.reshape(change.shape[0], -1);

    /// <summary>A tensor times a number, which lives as long as libtorch reads it: a scalar of TorchSharp may be gone before.</summary>
    public static Tensor Scaled(Tensor matrix, double factor) => matrix.mul(tensor([factor], ScalarType.Float64));

    /// <summary>The best approximation of a rank in Frobenius norm.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="rank">The rank, 0 or more.</param>
    public static Tensor Truncate(Tensor matrix, int rank)
    {
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(matrix, fullMatrices: false);
        int kept = Math.Min(rank, (int)s.shape[0]);
        return u.narrow(1, 0, kept).mul(s.narrow(0, 0, kept)).matmul(vh.narrow(0, 0, kept));
    }

    /// <summary>How far a resized layer is from the truncation that it should be, as a share of ‖ΔW‖F of the input.</summary>
    /// <remarks>
    /// The truncation is that of ΔW, whatever the input's kind; of a LoKr that stays one it is that of the second half, which loses
    /// ‖w1‖F times the tail of w2.
    /// </remarks>
    /// <param name="input">The layer's parts in the input.</param>
    /// <param name="output">Its parts in the output.</param>
    /// <param name="rank">The rank of the output, unless it is a LoKr.</param>
    /// <param name="weight">The base weight, which GLoRA needs.</param>
    /// <param name="scaleOf">The scale of a layer without alpha by its rank.</param>
    /// <param name="outputScaleOf">The same in the output.</param>
    public static double ErrorOf(
        IReadOnlyDictionary<string, Tensor> input,
        IReadOnlyDictionary<string, Tensor> output,
        int rank,
        Tensor? weight = null,
        Func<long, double>? scaleOf = null,
        Func<long, double>? outputScaleOf = null
    )
    {
        Tensor whole = Flat(ChangeOf(input, weight, scaleOf)!);
        Tensor found = Flat(ChangeOf(output, weight, outputScaleOf)!);
        Tensor expected = IsKronecker(output) ? TruncateInKind(input, output, scaleOf) : Truncate(whole, rank);
        double error = linalg.norm(found - expected).item<double>();
        double size = linalg.norm(whole).item<double>();
        return size > 0 ? error / size : error;
    }

    /// <summary>Whether parts are those of a LoKr.</summary>
    public static bool IsKronecker(IReadOnlyDictionary<string, Tensor> parts) =>
        parts.Keys.Any(static part => part.StartsWith("lokr_w", StringComparison.Ordinal));

    /// <summary>The change that a DoRA makes of a weight at strength 1.</summary>
    /// <param name="weight">W.</param>
    /// <param name="change">ΔW, as the product of the factors gives it.</param>
    /// <param name="magnitude">m, one number an output or, as [1, in], one an input.</param>
    /// <param name="ofOriginal">Whether m is divided by the norms of W and not of W + ΔW, as ComfyUI does on the output axis.</param>
    public static Tensor Decomposed(Tensor weight, Tensor change, Tensor magnitude, bool ofOriginal = false)
    {
        Tensor moved = weight.add(change.reshape(weight.shape));
        bool isPerInput = magnitude.Dimensions > 1 && magnitude.shape[0] == 1;
        Tensor norms = NormsOf(ofOriginal && !isPerInput ? weight : moved, isPerInput);
        return Flat(moved.mul(magnitude.reshape(norms.shape)).div(norms).sub(weight));
    }

    /// <summary>The norms of a weight's rows, or of what belongs to each input, in a shape that multiplies with the weight.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="isPerInput">Whether they are of the inputs.</param>
    public static Tensor NormsOf(Tensor weight, bool isPerInput)
    {
        long kept = isPerInput ? 1 : 0;
        long[] others = [.. Enumerable.Range(0, (int)weight.Dimensions).Select(static side => (long)side).Where(side => side != kept)];
        return weight.mul(weight).sum(others, keepdim: true).sqrt();
    }

    private static double ScaleOf(IReadOnlyDictionary<string, Tensor> parts, long rank, Func<long, double>? scaleOf) =>
        parts.TryGetValue(PlainParts.Alpha, out Tensor? alpha) ? alpha.sum().item<double>() / rank : scaleOf?.Invoke(rank) ?? 1;

    private static Tensor TruncateInKind(
        IReadOnlyDictionary<string, Tensor> input,
        IReadOnlyDictionary<string, Tensor> output,
        Func<long, double>? scaleOf
    )
    {
        (Tensor first, Tensor second, double scale) = KroneckerHalves(input, rank => ScaleOf(input, rank, scaleOf));
        int rank = output.TryGetValue("lokr_w2_b", out Tensor? factor) ? (int)factor.shape[0] : int.MaxValue;
        Tensor product = einsum("ab,cd->acbd", first, Truncate(Flat(second), rank));
        return Scaled(product, scale).reshape(first.shape[0] * second.shape[0], -1);
    }

    // ΔW = s·B·A; with a core M, ΔW[o,i,k] = s·Σ B[o,m] M[m,n,k] A[n,i].
    private static Tensor LoRA(IReadOnlyDictionary<string, Tensor> parts, Func<long, double> scale)
    {
        Tensor up = Flat(parts[PlainParts.Up]);
        Tensor down = parts[PlainParts.Down];
        double factor = scale(down.shape[0]);
        if (!parts.TryGetValue("lora_mid", out Tensor? core))
        {
            return Scaled(up.matmul(Flat(down)), factor).reshape([up.shape[0], .. down.shape[1..]]);
        }

        Tensor change = einsum("om,mnk,ni->oik", up, WithFlatKernel(core), Flat(down));
        return Scaled(change, factor).reshape([up.shape[0], down.shape[1], .. core.shape[2..]]);
    }

    // ΔW = s·(W1a·W1b) ∘ (W2a·W2b), s = alpha / rows of W1b; with cores each product is Σ wa[p,o] t[p,q,k] wb[q,i].
    private static Tensor LoHa(IReadOnlyDictionary<string, Tensor> parts, Func<long, double> scale)
    {
        Tensor Product(int number)
        {
            Tensor a = parts[$"hada_w{number}_a"];
            Tensor b = parts[$"hada_w{number}_b"];
            return parts.TryGetValue($"hada_t{number}", out Tensor? core)
                ? einsum("po,pqk,qi->oik", a, WithFlatKernel(core), b).reshape([a.shape[1], b.shape[1], .. core.shape[2..]])
                : a.matmul(Flat(b)).reshape([a.shape[0], .. b.shape[1..]]);
        }

        return Scaled(Product(1).mul(Product(2)), scale(parts["hada_w1_b"].shape[0]));
    }

    // ΔW[o1·ok + o2, i1·in + i2, k] = s·w1[o1,i1]·w2[o2,i2,k].
    private static Tensor LoKr(IReadOnlyDictionary<string, Tensor> parts, Func<long, double> scale)
    {
        (Tensor first, Tensor second, double factor) = KroneckerHalves(parts, scale);
        Tensor product = einsum("ab,cdk->acbdk", first, WithFlatKernel(second));
        return Scaled(product, factor).reshape([first.shape[0] * second.shape[0], first.shape[1] * second.shape[1], .. second.shape[2..]]);
    }

    // With both halves whole the scale is 1, whatever alpha says; else alpha / dim, dim of the second half where that is factored.
    private static (Tensor First, Tensor Second, double Scale) KroneckerHalves(
        IReadOnlyDictionary<string, Tensor> parts,
        Func<long, double> scale
    )
    {
        long? rank = null;
        if (!parts.TryGetValue("lokr_w1", out Tensor? first))
        {
            first = parts["lokr_w1_a"].matmul(parts["lokr_w1_b"]);
            rank = parts["lokr_w1_b"].shape[0];
        }

        if (!parts.TryGetValue("lokr_w2", out Tensor? second))
        {
            Tensor a = parts["lokr_w2_a"];
            Tensor b = parts["lokr_w2_b"];
            rank = b.shape[0];
            second = parts.TryGetValue("lokr_t2", out Tensor? core)
                ? einsum("ijk,ip,jq->pqk", WithFlatKernel(core), a, b).reshape([a.shape[1], b.shape[1], .. core.shape[2..]])
                : a.matmul(Flat(b)).reshape([a.shape[0], .. b.shape[1..]]);
        }

        return (first, second, rank is { } known ? scale(known) : 1);
    }

    // ΔW = s·(b1·b2 + W·a1·a2); the older layout is s·(b2·b1 + W·a2·a1).
    private static Tensor GLoRA(IReadOnlyDictionary<string, Tensor> parts, Tensor weight, Func<long, double> scale)
    {
        (Tensor a1, Tensor a2, Tensor b1, Tensor b2) = (Flat(parts["a1"]), Flat(parts["a2"]), Flat(parts["b1"]), Flat(parts["b2"]));
        bool isOld = IsOldLayout(a1, a2, b1, b2, weight);
        (Tensor right, Tensor left) = isOld ? (b1, b2) : (b2, b1);
        (Tensor from, Tensor to) = isOld ? (a2, a1) : (a1, a2);
        Tensor ofWeight = einsum("oik,ir,rj->ojk", WithFlatKernel(weight), from, to).reshape(weight.shape);
        return Scaled(left.matmul(right).reshape(weight.shape).add(ofWeight), scale(from.shape[1]));
    }

    // Both layouts fit only where the sides are ranks; a square weight whose sides equal a2's rows is then of the older one.
    private static bool IsOldLayout(Tensor a1, Tensor a2, Tensor b1, Tensor b2, Tensor weight)
    {
        bool fitsOld = b2.shape[1] == b1.shape[0] && b1.shape[0] == a1.shape[0] && a1.shape[0] == a2.shape[1];
        bool fitsNew = b2.shape[0] == b1.shape[1] && b1.shape[1] == a1.shape[1] && a1.shape[1] == a2.shape[0];
        return fitsOld && (!fitsNew || (a2.shape[0] == weight.shape[0] && weight.shape[0] == weight.shape[1]));
    }

    // An embedding's weight is number × dimension: ΔW = s·(B·A)ᵀ.
    private static Tensor Embedding(IReadOnlyDictionary<string, Tensor> parts, Func<long, double> scale)
    {
        Tensor a = parts["lora_embedding_A"];
        return Scaled(parts["lora_embedding_B"].matmul(a).t(), scale(a.shape[0]));
    }

    private static Tensor WithFlatKernel(Tensor tensor) => tensor.reshape(tensor.shape[0], tensor.shape[1], -1);
}
