namespace ResizeLora.Spectra;

/// <summary>
/// What it takes to write any truncation of a layer: with the file's B and A, the i-th left singular vector of B·A is B·Xᵢ and
/// the i-th right one Aᵀ·Yᵢ. Small: rank × k numbers each, for k singular values.
/// </summary>
/// <param name="Left">X, rank × k, row-major.</param>
/// <param name="Right">Y, rank × k, row-major.</param>
/// <param name="ProductSingularValues">σ of B·A, without the layer's scale, descending, k of them.</param>
/// <param name="NeedsDoublePrecision">Whether B and A are so unlike their product that single precision would lose it.</param>
internal sealed record LayerFactors(double[] Left, double[] Right, double[] ProductSingularValues, bool NeedsDoublePrecision);
