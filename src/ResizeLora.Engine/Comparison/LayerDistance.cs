using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Comparison;

/// <summary>
/// Norms, inner product and distance of ΔW₁ = s₁·B₁·A₁ and ΔW₂ = s₂·B₂·A₂, without forming either. With the factors side by
/// side, U = [B₁ B₂] and V = [A₁; A₂], every product is a weighted sum over the elements of the small matrices UᵀU and V·Vᵀ:
/// ⟨ΔWₐ, ΔW_b⟩ = sₐ·s_b·Σ (UᵀU)ₚ_q·(V·Vᵀ)ₚ_q over the columns p of a and q of b.
/// </summary>
/// <remarks>
/// A relative rounding error γ in the elements leaves an error of at most γ·g² in a square, with g = Σ |s|·‖uₚ‖·‖vₚ‖ over the
/// columns that take part. Files that are nearly alike cancel below that: their distance of 1e-4 to 1e-7 would be rounding.
/// Where a square does not stand well above its bound, all come from QR decompositions U = Q_U·R_U and Vᵀ = Q_V·R_V instead,
/// in whose bases both changes are small matrices that are subtracted element by element; the distance then has an error of
/// a few 1e-16·g, not its square root. Ranks above both sides come from QR decompositions as well: the small matrices would be
/// larger than the factors, without bound. Factors that are the same byte for byte have no distance at all.
/// </remarks>
internal static class LayerDistance
{
    // γ: sums of thousands of products in panels and fused operations.
    private const double SumRounding = 64 * 2.2204460492503131e-16;

    // Of a square; the norm has half of it.
    private const double AllowedError = 1e-5;

    /// <summary>Compares two layers over one weight; called on any thread.</summary>
    /// <param name="reference">The first, or null when there is none.</param>
    /// <param name="difference">The second, or null when there is none.</param>
    /// <param name="device">Where large products are made.</param>
    /// <exception cref="AdapterException">A layer holds NaN or infinity.</exception>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static LayerProducts Measure(ComparedLayer? reference, ComparedLayer? difference, LayerDevice device) =>
        LayerThreads.Run(() => Compare(reference, difference, device));

    private static LayerProducts Compare(ComparedLayer? reference, ComparedLayer? difference, LayerDevice device)
    {
        if (reference is not null && difference is not null && reference.IsSame(difference))
        {
            double square = Multiply([reference], device)[0, 0];
            return new LayerProducts(square, square, square, 0);
        }

        ComparedLayer[] sides = new[] { reference, difference }.OfType<ComparedLayer>().ToArray();
        double[,] products = Multiply(sides, device);
        return (reference, difference) switch
        {
            (_, null) => new LayerProducts(products[0, 0], 0, 0, products[0, 0]),
            (null, _) => new LayerProducts(0, products[0, 0], 0, products[0, 0]),
            _ => new LayerProducts(products[0, 0], products[1, 1], products[0, 1], products[1, 0]),
        };
    }

    // The squares on the diagonal, of two layers also the inner product above it, and the distance's square below.
    private static double[,] Multiply(ComparedLayer[] sides, LayerDevice device)
    {
        AdapterLayer first = sides[0].Layer;
        int rank = sides.Sum(static side => side.Layer.Rank);
        double[,]? products = rank <= Math.Max(first.OutFeatures, first.InFeatures) ? MultiplyGrams(sides, rank, device) : null;
        products ??= MultiplyOrthogonalised(sides, device);
        if (products.Cast<double>().All(double.IsFinite))
        {
            return products;
        }

        // NaN in one layer spreads to the other: the one that holds it is the one to name.
        AdapterException[] causes = Array.ConvertAll(sides, static side => FactorRange.Explain(side.File, side.Layer));
        int large = Enumerable.Range(0, sides.Length).FirstOrDefault(side => !double.IsFinite(products[side, side]));
        throw causes.FirstOrDefault(static cause => cause.Defect == FactorRange.NotFinite) ?? causes[large];
    }

    // Null where rounding would show.
    private static double[,]? MultiplyGrams(ComparedLayer[] sides, int rank, LayerDevice device)
    {
        double[] upGram = device.Compute(onto => Gram(sides, up: true, onto));
        double[] downGram = device.Compute(onto => Gram(sides, up: false, onto));
        double[] scales = sides.SelectMany(static side => Enumerable.Repeat(side.Layer.Scale, side.Layer.Rank)).ToArray();
        double[,] products = new double[sides.Length, sides.Length];
        double[] growth = new double[sides.Length];
        for (int row = 0, side = 0, start = 0; row < rank; row++)
        {
            if (row == start + sides[side].Layer.Rank)
            {
                start = row;
                side++;
            }

            int diagonal = (row * rank) + row;
            growth[side] += Math.Abs(scales[row]) * Math.Sqrt(upGram[diagonal] * downGram[diagonal]);
            for (int column = 0; column < rank; column++)
            {
                int other = column < sides[0].Layer.Rank ? 0 : 1;
                products[side, other] += scales[row] * scales[column] * upGram[(row * rank) + column] * downGram[(row * rank) + column];
            }
        }

        bool accurate = Enumerable.Range(0, sides.Length).All(side => IsAccurate(products[side, side], growth[side]));
        if (sides.Length == 2)
        {
            double distance = products[0, 0] + products[1, 1] - (2 * products[0, 1]);
            accurate &= IsAccurate(distance, growth.Sum());
            products[1, 0] = distance;
        }

        return accurate ? products : null;
    }

    private static bool IsAccurate(double square, double growth) => growth == 0 || SumRounding * growth * growth <= AllowedError * square;

    private static double[,] MultiplyOrthogonalised(ComparedLayer[] sides, LayerDevice device)
    {
        Tensor upRoot = device.Compute(onto => TensorReader.TakeBack(SmallSpectrum.UpperRoot(Stack(sides, up: true, onto))));
        Tensor downRoot = device.Compute(onto => TensorReader.TakeBack(SmallSpectrum.UpperRoot(Stack(sides, up: false, onto).t())));
        var cores = new List<Tensor>(sides.Length);
        int start = 0;
        foreach (ComparedLayer side in sides)
        {
            // A number is given as a scalar of TorchSharp's, which the collector may take before libtorch has read it.
            using Scalar scale = side.Layer.Scale.ToScalar();
            cores.Add(upRoot.narrow(1, start, side.Layer.Rank).matmul(downRoot.narrow(1, start, side.Layer.Rank).t()).mul(scale));
            start += side.Layer.Rank;
        }

        double Inner(Tensor left, Tensor right) => left.mul(right).sum().item<double>();
        double[,] products = new double[sides.Length, sides.Length];
        for (int side = 0; side < sides.Length; side++)
        {
            products[side, side] = Inner(cores[side], cores[side]);
        }

        if (sides.Length == 2)
        {
            Tensor apart = cores[0].sub(cores[1]);
            products[0, 1] = Inner(cores[0], cores[1]);
            products[1, 0] = Inner(apart, apart);
        }

        return products;
    }

    private static double[] Gram(ComparedLayer[] sides, bool up, ComputeDevice device)
    {
        int rank = sides.Sum(static side => side.Layer.Rank);
        if (device.IsCuda || sides.Any(side => FactorOf(side, up).Type == TensorType.Float64))
        {
            Tensor stacked = Stack(sides, up, device);
            return TensorReader.ToArray(up ? stacked.t().matmul(stacked) : stacked.matmul(stacked.t()));
        }

        int length = up ? sides[0].Layer.OutFeatures : sides[0].Layer.InFeatures;
        float[] stack = ArrayPool<float>.Shared.Rent(length * rank);
        try
        {
            int start = 0;
            foreach (ComparedLayer side in sides)
            {
                Decode(side, up, stack, start, rank, length);
                start += side.Layer.Rank;
            }

            double[] gram = new double[rank * rank];
            GramMatrix.Compute(
                TensorType.Float32,
                MemoryMarshal.AsBytes(stack.AsSpan(0, length * rank)),
                length,
                rank,
                transposed: !up,
                gram
            );
            return gram;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(stack);
        }
    }

    // The columns of B₂ go beside those of B₁, the rows of A₂ below those of A₁.
    private static void Decode(ComparedLayer side, bool up, float[] stack, int start, int rank, int length)
    {
        TensorEntry factor = FactorOf(side, up);
        byte[] bytes = side.File.Read(factor);
        if (!up)
        {
            WeightDecoder.ToSingle(factor.Type, bytes, stack.AsSpan(start * length, side.Layer.Rank * length));
            return;
        }

        int rowBytes = side.Layer.Rank * TensorTypes.BytesOf(factor.Type);
        for (int row = 0; row < length; row++)
        {
            WeightDecoder.ToSingle(
                factor.Type,
                bytes.AsSpan(row * rowBytes, rowBytes),
                stack.AsSpan((row * rank) + start, side.Layer.Rank)
            );
        }
    }

    private static Tensor Stack(ComparedLayer[] sides, bool up, ComputeDevice device) =>
        cat(
            sides.Select(side => TensorReader.ReadMatrix(side.File, FactorOf(side, up), ScalarType.Float64, device)).ToArray(),
            dim: up ? 1 : 0
        );

    private static TensorEntry FactorOf(ComparedLayer side, bool up) => up ? side.Layer.Up : side.Layer.Down;
}
