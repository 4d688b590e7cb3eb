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
    double[] Left,
    double[] Right,
    double[] ProductSingularValues,
    double HighestGrowth,
    bool NeedsDoublePrecision
)
{
    private const double SmallestSingle = 1e-25;
    private const double LargestSingle = 1e25;

    /// <summary>Whether combinations have all their digits in single precision; those of factors of very unlike sizes may not.</summary>
    /// <param name="combinations">X or Y, or some columns of them.</param>
    public static bool FitSingle(double[] combinations) => combinations.Max(Math.Abs) is 0 or (> SmallestSingle and < LargestSingle);
}
