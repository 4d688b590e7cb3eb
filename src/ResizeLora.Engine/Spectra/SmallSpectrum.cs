using System.Runtime.InteropServices;
using ResizeLora.Compute;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace ResizeLora.Spectra;

/// <summary>
/// The singular value decomposition of B·A (n × r times r × m) by way of r × r matrices, in double precision throughout.
/// </summary>
/// <remarks>
/// With BᵀB = L·Lᵀ (Cholesky) and M = Lᵀ·(A·Aᵀ)·L = P·Λ·Pᵀ, the singular values of B·A are √Λ, the left vectors B·X with
/// X = L⁻ᵀ·P, and the right ones Aᵀ·Y with Y = L·P·Λ^(−1/2). A relative rounding error γ in the elements of the two Gram
/// matrices, |Eⱼₖ| ≤ γ·‖bⱼ‖·‖bₖ‖, changes λᵢ = σᵢ² by no more than the share γ·((Σⱼ‖bⱼ‖·|xᵢⱼ|)² + (Σⱼ‖aⱼ‖·|yᵢⱼ|)²): first order
/// perturbation, as λᵢ = uᵢᵀ·B·(A·Aᵀ)·Bᵀ·uᵢ with Bᵀuᵢ = σᵢ·yᵢ and A·vᵢ = σᵢ·xᵢ. The sums, the growth of the combinations, are
/// computed; where the promise does not follow from them (dependent columns, factors much larger than their product), the
/// same numbers come from QR decompositions of B and Aᵀ and an SVD of R_B·R_Aᵀ, slower and accurate always.
/// </remarks>
internal static class SmallSpectrum
{
    /// <summary>The distance of 1 from the next larger double.</summary>
    internal const double Epsilon = 2.2204460492503131e-16;

    /// <summary>Decomposes B·A.</summary>
    /// <param name="upGram">BᵀB, r × r, in double precision on the processor.</param>
    /// <param name="downGram">A·Aᵀ, r × r, likewise.</param>
    /// <param name="rank">r.</param>
    /// <param name="count">min(n, m, r), the number of singular values.</param>
    /// <param name="findRoots">Gives R_B and R_A; called only where the Gram matrices do not suffice.</param>
    /// <param name="wanted">What is kept.</param>
    /// <returns>The factors, or null when B, A or their product is not finite.</returns>
    /// <exception cref="ExternalException">An iteration gave up, or memory did not suffice.</exception>
    public static LayerFactors? Decompose(
        Tensor upGram,
        Tensor downGram,
        int rank,
        int count,
        Func<(Tensor Up, Tensor Down)> findRoots,
        WantedColumns wanted = default
    )
    {
        return Decompose(
            ColumnNorms(upGram),
            ColumnNorms(downGram),
            rank,
            count,
            (upNorms, downNorms) =>
            {
                LayerFactors? factors = count == rank ? ByCholesky(upGram, downGram, rank, upNorms, downNorms, wanted) : null;
                return factors ?? ByOrthogonalisation(findRoots(), rank, count, upNorms, downNorms, wanted);
            }
        );
    }

    /// <summary>Decomposes B·A without Gram matrices, as suits a rank above n and m.</summary>
    /// <param name="roots">R_B and R_A, on the processor.</param>
    /// <param name="rank">r.</param>
    /// <param name="count">min(n, m, r), the number of singular values.</param>
    /// <param name="wanted">What is kept.</param>
    /// <returns>The factors, or null when B, A or their product is not finite.</returns>
    /// <exception cref="ExternalException">An iteration gave up, or memory did not suffice.</exception>
    public static LayerFactors? Decompose((Tensor Up, Tensor Down) roots, int rank, int count, WantedColumns wanted)
    {
        using DisposeScope scope = NewDisposeScope();

        // The columns of R are as long as those of Q·R.
        double[] upNorms = TensorReader.ToArray(roots.Up.square().sum(dim: 0).sqrt());
        double[] downNorms = TensorReader.ToArray(roots.Down.square().sum(dim: 0).sqrt());
        return Decompose(upNorms, downNorms, rank, count, (_, _) => ByOrthogonalisation(roots, rank, count, upNorms, downNorms, wanted));
    }

    private static LayerFactors? Decompose(
        double[] upNorms,
        double[] downNorms,
        int rank,
        int count,
        Func<double[], double[], LayerFactors?> decompose
    )
    {
        if (!double.IsFinite(upNorms.Sum()) || !double.IsFinite(downNorms.Sum()))
        {
            return null;
        }

        if (upNorms.Sum() == 0 || downNorms.Sum() == 0)
        {
            Coefficients none = new(new double[rank * count], rank, count, inSingle: true);
            return new LayerFactors(none, none, new double[count], 0, NeedsDoublePrecision: false);
        }

        using DisposeScope scope = NewDisposeScope();
        return decompose(upNorms, downNorms);
    }

    private static LayerFactors? ByCholesky(
        Tensor upGram,
        Tensor downGram,
        int rank,
        double[] upNorms,
        double[] downNorms,
        WantedColumns wanted
    )
    {
        (Tensor lower, Tensor info) = linalg.cholesky_ex(upGram);
        if (info.item<int>() != 0)
        {
            return null;
        }

        Tensor core = lower.t().matmul(downGram).matmul(lower);
        if (!IsFinite(core) || TryConverge(() => linalg.eigh(core)) is not var (ascending, vectors))
        {
            return null;
        }

        double[] squares = TensorReader.ToArray(ascending);
        Array.Reverse(squares);

        // Below this an eigenvalue is rounding, and so are its vectors.
        if (!(squares[^1] > 16 * rank * Epsilon * squares[0]))
        {
            return null;
        }

        double[] singularValues = Array.ConvertAll(squares, Math.Sqrt);
        Tensor left = linalg.solve_triangular(lower.t(), vectors, upper: true).contiguous();
        Tensor right = lower.matmul(vectors).contiguous();
        Span<double> leftNumbers = FactorAssembly.NumbersOf(left);
        Span<double> rightNumbers = FactorAssembly.NumbersOf(right);
        for (int row = 0; row < rank; row++)
        {
            // eigh's order is ascending.
            leftNumbers.Slice(row * rank, rank).Reverse();
            Span<double> combinations = rightNumbers.Slice(row * rank, rank);
            combinations.Reverse();
            TensorPrimitives.Divide(combinations, singularValues, combinations);
        }

        LayerFactors factors = FactorAssembly.Assemble(
            left,
            right,
            wanted,
            singularValues,
            Growth(leftNumbers, rank, upNorms),
            Growth(rightNumbers, rank, downNorms),
            out double worstError
        );
        return worstError <= FactorAssembly.AllowedError ? factors : null;
    }

    private static LayerFactors? ByOrthogonalisation(
        (Tensor Up, Tensor Down) roots,
        int rank,
        int count,
        double[] upNorms,
        double[] downNorms,
        WantedColumns wanted
    )
    {
        Tensor product = roots.Up.matmul(roots.Down.t());
        if (!IsFinite(product))
        {
            return null;
        }

        (Tensor leftVectors, Tensor values, Tensor rightVectors) = SingularVectors(product);

        double[] singularValues = TensorReader.ToArray(values)[..count];

        // What rounding alone would leave counts as zero: a dependent dimension carries nothing, and must not look as if.
        double rounding = Math.Max(rank, 16) * Epsilon;
        double negligible = rounding * Math.Max(singularValues[0], EuclideanNorm.Of(upNorms) * EuclideanNorm.Of(downNorms) * rounding);
        double[] inverse = Array.ConvertAll(singularValues, value => value > negligible ? 1 / value : 0);
        singularValues = Array.ConvertAll(singularValues, value => value > negligible ? value : 0);
        Tensor inverses = TensorReader.FromArray(inverse, 1, count, ScalarType.Float64, ComputeDevice.Processor);
        Tensor left = roots.Down.t().matmul(rightVectors.t()).narrow(1, 0, count).mul(inverses).contiguous();
        Tensor right = roots.Up.t().matmul(leftVectors).narrow(1, 0, count).mul(inverses).contiguous();
        return FactorAssembly.Assemble(
            left,
            right,
            wanted,
            singularValues,
            Growth(FactorAssembly.NumbersOf(left), rank, upNorms),
            Growth(FactorAssembly.NumbersOf(right), rank, downNorms),
            out _
        );
    }

    /// <summary>Singular values of their squares: what rounding alone would leave counts as zero.</summary>
    /// <param name="squares">Eigenvalues, descending.</param>
    internal static double[] RootsOf(double[] squares)
    {
        double negligible = Math.Max(squares.Length, 16) * Epsilon * Math.Max(squares[0], 0);
        return Array.ConvertAll(squares, square => square > negligible ? Math.Sqrt(square) : 0);
    }

    // LAPACK refuses matrices with infinities, which finite factors can multiply to.
    private static bool IsFinite(Tensor matrix)
    {
        using Tensor rows = matrix.contiguous();
        return TensorPrimitives.IsFiniteAll<double>(FactorAssembly.NumbersOf(rows));
    }

    // Where the iteration gives up on a matrix, it may still find the values of the transposed one.
    private static (Tensor Left, Tensor Values, Tensor Right) SingularVectors(Tensor product)
    {
        if (TryConverge(() => linalg.svd(product, fullMatrices: false)) is var (left, values, right))
        {
            return (left, values, right);
        }

        (Tensor rightOfTransposed, Tensor sameValues, Tensor leftOfTransposed) = linalg.svd(product.t(), fullMatrices: false);
        return (leftOfTransposed.t(), sameValues, rightOfTransposed.t());
    }

    /// <summary>Decomposes a matrix; null where the iteration gives up on it.</summary>
    /// <param name="decompose">Decomposes it.</param>
    internal static T? TryConverge<T>(Func<T> decompose)
        where T : struct
    {
        try
        {
            return decompose();
        }
        catch (ExternalException exception) when (TorchFailure.IsNotConverged(exception))
        {
            return null;
        }
    }

    /// <summary>R of the QR decomposition of a tall matrix; a matrix that is not tall itself: its Q is the identity.</summary>
    internal static Tensor UpperRoot(Tensor tall) => tall.shape[0] < tall.shape[1] ? tall : linalg.qr(tall, linalg.QRMode.R).R;

    // For each combination i the sum over j of ‖column j‖ · |coefficient of j|: how much cancels when it is formed.
    private static double[] Growth(ReadOnlySpan<double> coefficients, int rank, double[] norms)
    {
        int count = coefficients.Length / rank;
        double[] growth = new double[count];
        double[] magnitudes = new double[count];
        for (int row = 0; row < rank; row++)
        {
            TensorPrimitives.Abs(coefficients.Slice(row * count, count), magnitudes);
            TensorPrimitives.MultiplyAddEstimate(magnitudes, norms[row], growth, growth);
        }

        return growth;
    }

    private static double[] ColumnNorms(Tensor gram)
    {
        int rank = (int)gram.shape[0];
        ReadOnlySpan<double> elements = MemoryMarshal.Cast<byte, double>(gram.bytes);
        double[] norms = new double[rank];
        for (int index = 0; index < rank; index++)
        {
            norms[index] = Math.Sqrt(elements[(index * rank) + index]);
        }

        return norms;
    }
}
