using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>What it takes to write any truncation of a layer, beside its file.</summary>
/// <param name="ProductSingularValues">
/// σ of B·A, without the layer's scale, descending; under the weights of magnitudes where there are some.
/// </param>
internal abstract record LayerDecomposition(double[] ProductSingularValues)
{
    /// <summary>The factors of the singular vectors in B·A, in the same order.</summary>
    public virtual double[] WrittenSingularValues => ProductSingularValues;

    /// <summary>How much memory it takes, in bytes.</summary>
    public abstract long ByteLength { get; }

    /// <summary>How many dimensions it is for: the first ones.</summary>
    public virtual int Count => ProductSingularValues.Length;

    /// <summary>Weighted singular vectors: U_K·diag(left) and diag(right)·V_Kᵀ over chosen dimensions K.</summary>
    /// <param name="file">The adapter file.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="kept">K.</param>
    /// <param name="left">What the left vectors are multiplied with.</param>
    /// <param name="right">What the right vectors are multiplied with.</param>
    /// <param name="accuracy">What they are for.</param>
    /// <param name="device">Where the products are made.</param>
    /// <returns>[out, k] and [k, in], in single or double precision.</returns>
    public abstract (Tensor Up, Tensor Down) Combine(
        ITensorFile file,
        AdapterLayer layer,
        int[] kept,
        double[] left,
        double[] right,
        CombinationAccuracy accuracy,
        ComputeDevice device
    );
}

/// <summary>What it takes to write any truncation of a product of two factors.</summary>
/// <param name="ProductSingularValues">σ of the product, descending.</param>
internal abstract record PairDecomposition(double[] ProductSingularValues) : LayerDecomposition(ProductSingularValues)
{
    /// <inheritdoc/>
    public sealed override (Tensor Up, Tensor Down) Combine(
        ITensorFile file,
        AdapterLayer layer,
        int[] kept,
        double[] left,
        double[] right,
        CombinationAccuracy accuracy,
        ComputeDevice device
    ) => Combine(layer.Factors.In(file), kept, left, right, accuracy, device);

    /// <summary>Weighted singular vectors of a pair of factors: U_K·diag(left) and diag(right)·V_Kᵀ over chosen dimensions K.</summary>
    /// <param name="pair">B and A.</param>
    /// <param name="kept">K.</param>
    /// <param name="left">What the left vectors are multiplied with.</param>
    /// <param name="right">What the right vectors are multiplied with.</param>
    /// <param name="accuracy">What they are for.</param>
    /// <param name="device">Where the products are made.</param>
    public abstract (Tensor Up, Tensor Down) Combine(
        FactorPair pair,
        int[] kept,
        double[] left,
        double[] right,
        CombinationAccuracy accuracy,
        ComputeDevice device
    );
}

/// <summary>How exact combinations of factors must be.</summary>
internal enum CombinationAccuracy
{
    /// <summary>To be written: their product within 1e-5.</summary>
    Written,

    /// <summary>To be compared with a base weight: within 1e-4.</summary>
    Compared,

    /// <summary>To be decomposed further: in double precision.</summary>
    Exact,
}
