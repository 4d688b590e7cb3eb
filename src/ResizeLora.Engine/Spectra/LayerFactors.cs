using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Compute;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace ResizeLora.Spectra;

/// <summary>
/// What it takes to write any truncation of a layer: with the file's B and A, the i-th left singular vector of B·A is B·Xᵢ and
/// the i-th right one Aᵀ·Yᵢ. Small: rank × k numbers each, for k singular values.
/// </summary>
/// <param name="Left">X, rank × k, row-major.</param>
/// <param name="Right">Y, rank × k, row-major.</param>
/// <param name="ProductSingularValues">σ of B·A, without the layer's scale, descending, k of them.</param>
/// <param name="HighestGrowth">
/// The most that any combination cancels: max over i of Σⱼ‖bⱼ‖·|xᵢⱼ| and of Σⱼ‖aⱼ‖·|yᵢⱼ|; rounding is multiplied by it.
/// </param>
/// <param name="NeedsDoublePrecision">
/// Whether the combinations cancel so much that forming them in single precision would show in their product.
/// </param>
internal sealed record LayerFactors(
    Coefficients Left,
    Coefficients Right,
    double[] ProductSingularValues,
    double HighestGrowth,
    bool NeedsDoublePrecision
) : PairDecomposition(ProductSingularValues)
{
    private const double SmallestSingle = 1e-25;
    private const double LargestSingle = 1e25;

    // The growth above which single precision would leave less than about 1e-4 of relative accuracy in a singular vector:
    // rounding errors of many terms add up like a walk, well below their bound of 6e-8 · growth.
    private const double HighestComparedGrowth = 1e4;

    /// <inheritdoc/>
    public override long ByteLength => Left.ByteLength + Right.ByteLength;

    /// <inheritdoc/>
    public override int Count => Left.Count;

    /// <summary>Whether coefficients in single precision are exact enough for whatever is written of them or compared.</summary>
    /// <param name="highestGrowth">The most that any combination cancels.</param>
    /// <param name="needsDoublePrecision">Whether written combinations need double precision.</param>
    /// <param name="left">X.</param>
    /// <param name="right">Y.</param>
    public static bool AreExactInSingle(
        double highestGrowth,
        bool needsDoublePrecision,
        ReadOnlySpan<double> left,
        ReadOnlySpan<double> right
    ) => !needsDoublePrecision && highestGrowth <= HighestComparedGrowth && FitSingle(LargestOf(left)) && FitSingle(LargestOf(right));

    /// <inheritdoc/>
    public override (Tensor Up, Tensor Down) Combine(
        FactorPair pair,
        int[] kept,
        double[] left,
        double[] right,
        CombinationAccuracy accuracy,
        ComputeDevice device
    )
    {
        bool isAccurate = accuracy switch
        {
            CombinationAccuracy.Written => !NeedsDoublePrecision,
            CombinationAccuracy.Compared => HighestGrowth <= HighestComparedGrowth,
            _ => false,
        };
        if (isAccurate)
        {
            Tensor ups = empty([pair.Rank, kept.Length], ScalarType.Float32);
            Tensor downs = empty([pair.Rank, kept.Length], ScalarType.Float32);
            if (
                FitSingle(Left.Weigh(pair.Rank, kept, left, MemoryMarshal.Cast<byte, float>(ups.bytes)))
                && FitSingle(Right.Weigh(pair.Rank, kept, right, MemoryMarshal.Cast<byte, float>(downs.bytes)))
            )
            {
                return (
                    Multiply(pair.Up, ups.to(device.Torch), transposed: false, device),
                    Multiply(pair.Down, downs.to(device.Torch), transposed: true, device)
                );
            }
        }

        return (
            Multiply(pair.Up, Left.Weighted(pair.Rank, kept, left), pair.Rank, transposed: false, device),
            Multiply(pair.Down, Right.Weighted(pair.Rank, kept, right), pair.Rank, transposed: true, device)
        );
    }

    // Combinations have all their digits in single precision; those of factors of very unlike sizes may not.
    private static bool FitSingle(double largest) => largest is 0 or (> SmallestSingle and < LargestSingle);

    private static double LargestOf(ReadOnlySpan<double> combinations) =>
        combinations.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(combinations));

    // B·X, or Yᵀ·A where the factor is transposed.
    private static Tensor Multiply(IFactor factor, double[] combination, int rank, bool transposed, ComputeDevice device) =>
        Multiply(
            factor,
            TensorReader.FromArray(combination, rank, combination.Length / rank, ScalarType.Float64, device),
            transposed,
            device
        );

    private static Tensor Multiply(IFactor factor, Tensor small, bool transposed, ComputeDevice device)
    {
        Tensor matrix = FactorMatrix.Read(factor, small.dtype, device);
        return transposed ? small.t().matmul(matrix) : matrix.matmul(small);
    }
}
