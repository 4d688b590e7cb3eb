using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Compute;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// The decomposition of a matrix that has no factors, by way of the Gram matrix of its shorter side in double precision: its eigenvectors
/// are the singular vectors of that side. An eigenvalue λ = σ² is off by a small multiple of 2e-16·σ₁², which is 1e-7 of a σ that is
/// 1e-4 of σ₁: the promise holds without a second way.
/// </summary>
/// <param name="ProductSingularValues">σ, descending.</param>
/// <param name="Vectors">
/// The first singular vectors of the shorter side, a vector a row; in single precision, as they are multiplied.
/// </param>
/// <param name="OfColumns">Whether they are right vectors.</param>
internal sealed record MatrixSpectrum(double[] ProductSingularValues, float[] Vectors, bool OfColumns)
    : PairDecomposition(ProductSingularValues)
{
    /// <inheritdoc/>
    public override long ByteLength => Vectors.LongLength * sizeof(float);

    /// <inheritdoc/>
    public override int Count => Vectors.Length / ProductSingularValues.Length;

    /// <summary>Decomposes a matrix.</summary>
    /// <param name="gram">The Gram matrix of its shorter side, in double precision on the processor.</param>
    /// <param name="ofColumns">Whether the columns are the shorter side.</param>
    /// <param name="wanted">How many vectors are kept.</param>
    /// <returns>The decomposition, or null where the matrix is not finite.</returns>
    /// <exception cref="ExternalException">The iteration gave up, or memory did not suffice.</exception>
    public static MatrixSpectrum? Decompose(Tensor gram, bool ofColumns, WantedColumns wanted)
    {
        if (!gram.isfinite().all().item<bool>())
        {
            return null;
        }

        (Tensor ascending, Tensor vectors) = linalg.eigh(gram);
        double[] squares = TensorReader.ToArray(ascending);
        Array.Reverse(squares);

        double[] singularValues = SmallSpectrum.RootsOf(squares);
        int count = wanted.Of(singularValues);
        using Tensor last = vectors.narrow(1, squares.Length - count, count);
        using Tensor rows = last.to(ScalarType.Float32).t().flip(0).contiguous();
        return new MatrixSpectrum(singularValues, MemoryMarshal.Cast<byte, float>(rows.bytes).ToArray(), ofColumns);
    }

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
        int side = ProductSingularValues.Length;
        Tensor chosen = empty([kept.Length, side], ScalarType.Float32);
        Span<float> rows = MemoryMarshal.Cast<byte, float>(chosen.bytes);
        for (int row = 0; row < kept.Length; row++)
        {
            Vectors.AsSpan(kept[row] * side, side).CopyTo(rows[(row * side)..]);
        }

        Tensor vectors = chosen.to(device.Torch);
        Tensor matrix = FactorMatrix.Read(OfColumns ? pair.Up : pair.Down, ScalarType.Float32, device);

        // The other vectors are the matrix times these, over σ.
        double[] own = OfColumns ? right : left;
        double[] others = [.. (OfColumns ? left : right).Select((weight, index) => Over(weight, ProductSingularValues[kept[index]]))];
        Tensor ownVectors = vectors * Weights(own, device);
        Tensor otherVectors = OfColumns
            ? matrix.matmul((vectors * Weights(others, device)).t())
            : (vectors * Weights(others, device)).matmul(matrix);
        return OfColumns ? (otherVectors, ownVectors) : (ownVectors.t().contiguous(), otherVectors);
    }

    private static double Over(double weight, double singularValue) => singularValue > 0 ? weight / singularValue : 0;

    private static Tensor Weights(double[] weights, ComputeDevice device) =>
        TensorReader.FromArray(weights, weights.Length, 1, ScalarType.Float32, device);
}
