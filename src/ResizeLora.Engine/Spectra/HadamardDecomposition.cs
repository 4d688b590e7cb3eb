using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// The decomposition of a Hadamard product (A₁·B₁)∘(A₂·B₂) by those of its two products: with their singular vectors as factors, the
/// Khatri–Rao products Q and P of these have nearly orthogonal columns, and all that is of unlike size stands in a diagonal D between
/// them, ΔW = Q·D·Pᵀ. So single precision holds what is kept, and no factor of the high rank is decomposed.
/// </summary>
/// <param name="First">The decomposition of w1.</param>
/// <param name="Second">The decomposition of w2.</param>
/// <param name="Core">That of Q·D·Pᵀ.</param>
internal sealed record HadamardDecomposition(PairDecomposition First, PairDecomposition Second, LayerFactors Core)
    : LayerDecomposition(Core.ProductSingularValues)
{
    /// <inheritdoc/>
    public override long ByteLength => First.ByteLength + Second.ByteLength + Core.ByteLength;

    /// <inheritdoc/>
    public override int Count => Core.Count;

    /// <summary>D: the products of the singular values; null where one is zero, whose vectors are none.</summary>
    /// <param name="first">The decomposition of w1.</param>
    /// <param name="second">The decomposition of w2.</param>
    public static double[]? MiddleOf(PairDecomposition first, PairDecomposition second)
    {
        double[] middle = [.. first.ProductSingularValues.SelectMany(value => second.ProductSingularValues.Select(other => value * other))];
        return middle.Min() > 0 ? middle : null;
    }

    /// <summary>Q and Pᵀ.</summary>
    /// <param name="first">The singular vectors of w1.</param>
    /// <param name="second">Those of w2.</param>
    public static FactorPair ProductsOf((Tensor Up, Tensor Down) first, (Tensor Up, Tensor Down) second) =>
        FactorPair.Hadamard(
            new FactorPair(new TensorFactor(first.Up), new TensorFactor(first.Down)),
            new FactorPair(new TensorFactor(second.Up), new TensorFactor(second.Down))
        );

    /// <summary>The singular vectors of one of the two products, in double precision.</summary>
    /// <param name="product">Its decomposition.</param>
    /// <param name="pair">Its factors.</param>
    /// <param name="device">Where the vectors are made.</param>
    public static (Tensor Up, Tensor Down) VectorsOf(PairDecomposition product, FactorPair pair, ComputeDevice device)
    {
        int[] all = [.. Enumerable.Range(0, product.ProductSingularValues.Length)];
        double[] ones = Array.ConvertAll(all, static _ => 1.0);
        return product.Combine(pair, all, ones, ones, CombinationAccuracy.Exact, device);
    }

    /// <inheritdoc/>
    public override (Tensor Up, Tensor Down) Combine(
        ITensorFile file,
        AdapterLayer layer,
        int[] kept,
        double[] left,
        double[] right,
        CombinationAccuracy accuracy,
        ComputeDevice device
    )
    {
        HadamardHalves halves = layer.Hadamard!;
        FactorPair vectors = ProductsOf(VectorsOf(First, halves.First.In(file), device), VectorsOf(Second, halves.Second.In(file), device));
        return Core.Combine(vectors, kept, left, right, accuracy, device);
    }
}
