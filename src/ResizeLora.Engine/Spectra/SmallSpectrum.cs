using ResizeLora.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// The singular value decomposition of B·A (n × r times r × m) by way of r × r matrices, in double precision throughout.
/// </summary>
/// <remarks>
/// With BᵀB = L·Lᵀ (Cholesky) and M = Lᵀ·(A·Aᵀ)·L = P·Λ·Pᵀ, the singular values of B·A are √Λ, the left vectors are
/// B·L⁻ᵀ·P and the right ones Aᵀ·L·P·Λ^(−1/2). Rounding disturbs Λ by no more than about r·ε·‖B‖²·‖A‖², which is compared
/// with the accuracy asked for; where it does not hold (dependent columns, factors much larger than their product) the same
/// numbers come from QR decompositions of B and Aᵀ and an SVD of R_B·R_Aᵀ, three times as slow and accurate always.
/// </remarks>
internal static class SmallSpectrum
{
    // σ is promised within 1e-4 for σ ≥ 1e-4·σ₁, so Λ = σ² within 2e-4 down to 1e-8; a tenth of that is asked of the estimate.
    private const double PromisedRange = 1e-4;
    private const double PromisedAccuracy = 2e-5;

    private const double Epsilon = 2.2204460492503131e-16;

    // Above this ratio of ‖B‖F·‖A‖F to √r·‖B·A‖F, rounding B·X and Y·A to single precision could show in the product.
    private const double SinglePrecisionBalance = 20;

    /// <summary>Decomposes B·A.</summary>
    /// <param name="up">B, n × r, double precision.</param>
    /// <param name="down">A, r × m, double precision, on the same device.</param>
    /// <returns>The factors, or null when B or A holds NaN or infinity.</returns>
    public static LayerFactors? Decompose(Tensor up, Tensor down)
    {
        using DisposeScope scope = NewDisposeScope();
        int rank = (int)up.shape[1];
        Tensor upGram = Gram(up).cpu();
        Tensor downGram = Gram(down.t()).cpu();
        double upNorm = Math.Sqrt(upGram.trace().item<double>());
        double downNorm = Math.Sqrt(downGram.trace().item<double>());
        if (!double.IsFinite(upNorm) || !double.IsFinite(downNorm))
        {
            return null;
        }

        int count = (int)Math.Min(rank, Math.Min(up.shape[0], down.shape[1]));
        if (upNorm == 0 || downNorm == 0)
        {
            return new LayerFactors(new double[rank * count], new double[rank * count], new double[count], false);
        }

        LayerFactors? factors = count == rank ? ByCholesky(upGram, downGram, rank, upNorm, downNorm) : null;
        return factors ?? ByOrthogonalisation(up, down, rank, count, upNorm, downNorm);
    }

    // TᵀT of a tall matrix. Symmetric, so that of two halves of its columns three quarters of the products are enough.
    private static Tensor Gram(Tensor tall)
    {
        const int SmallestHalf = 32;
        long columns = tall.shape[1];
        if (columns < 2 * SmallestHalf)
        {
            return tall.t().matmul(tall);
        }

        long half = columns / 2;
        using DisposeScope scope = NewDisposeScope();
        Tensor left = tall.narrow(1, 0, half);
        Tensor right = tall.narrow(1, half, columns - half);
        Tensor corner = left.t().matmul(right);
        Tensor upper = cat([Gram(left), corner], 1);
        Tensor lower = cat([corner.t(), Gram(right)], 1);
        return cat([upper, lower], 0).MoveToOuterDisposeScope();
    }

    private static LayerFactors? ByCholesky(Tensor upGram, Tensor downGram, int rank, double upNorm, double downNorm)
    {
        (Tensor lower, Tensor info) = linalg.cholesky_ex(upGram);
        if (info.item<int>() != 0)
        {
            return null;
        }

        Tensor core = lower.t().matmul(downGram).matmul(lower);
        (Tensor eigenvalues, Tensor eigenvectors) = linalg.eigh(core);
        double[] squares = TensorReader.ToArray(eigenvalues.flip(0));
        double disturbance = rank * Epsilon * upNorm * upNorm * downNorm * downNorm;
        if (disturbance > PromisedAccuracy * PromisedRange * PromisedRange * squares[0] || squares[^1] < 4 * disturbance)
        {
            return null;
        }

        Tensor vectors = eigenvectors.flip(1);
        Tensor left = linalg.solve_triangular(lower.t(), vectors, upper: true);
        Tensor right = lower.matmul(vectors).div_(eigenvalues.flip(0).sqrt());
        double[] singularValues = Array.ConvertAll(squares, Math.Sqrt);
        return new LayerFactors(TensorReader.ToArray(left), TensorReader.ToArray(right), singularValues, IsUnbalanced(upNorm, downNorm, rank, singularValues));
    }

    private static LayerFactors ByOrthogonalisation(Tensor up, Tensor down, int rank, int count, double upNorm, double downNorm)
    {
        // Where the rank exceeds a side, the factor itself does the office of R: its Q is the identity.
        Tensor upRoot = UpperRoot(up);
        Tensor downRoot = UpperRoot(down.t());
        (Tensor leftVectors, Tensor values, Tensor rightVectors) = linalg.svd(upRoot.matmul(downRoot.t()), fullMatrices: false);
        double[] singularValues = TensorReader.ToArray(values)[..count];

        // What rounding alone would leave counts as zero: a dependent dimension carries nothing, and must not look as if.
        double negligible = Math.Max(rank, 16) * Epsilon * Math.Max(singularValues[0], upNorm * downNorm * Epsilon);
        using Tensor inverse = zeros(count, ScalarType.Float64);
        for (int index = 0; index < count; index++)
        {
            bool counts = singularValues[index] > negligible;
            singularValues[index] = counts ? singularValues[index] : 0;
            inverse[index] = counts ? 1 / singularValues[index] : 0;
        }

        Tensor left = downRoot.t().matmul(rightVectors.t()).narrow(1, 0, count).mul(inverse);
        Tensor right = upRoot.t().matmul(leftVectors).narrow(1, 0, count).mul(inverse);
        return new LayerFactors(TensorReader.ToArray(left), TensorReader.ToArray(right), singularValues, IsUnbalanced(upNorm, downNorm, rank, singularValues));
    }

    private static Tensor UpperRoot(Tensor tall) =>
        (tall.shape[0] < tall.shape[1] ? tall : linalg.qr(tall, linalg.QRMode.R).R).cpu();

    private static bool IsUnbalanced(double upNorm, double downNorm, int rank, double[] singularValues)
    {
        double productNorm = Math.Sqrt(singularValues.Sum(static value => value * value));
        return upNorm * downNorm > SinglePrecisionBalance * Math.Sqrt(rank) * productNorm;
    }
}
