using static TorchSharp.torch;

namespace ResizeLora.Bench.Workloads;

/// <summary>
/// torch.svd_lowrank, which TorchSharp does not have: algorithms 4.4 and 5.1 of Halko, Martinsson and Tropp (2011), step by
/// step as torch/_lowrank.py does them.
/// </summary>
internal static class LowRankDecomposition
{
    /// <summary>Approximates the largest singular values.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="count">How many (q).</param>
    /// <param name="iterations">Subspace iterations (niter).</param>
    public static Tensor SingularValues(Tensor matrix, int count, int iterations)
    {
        Tensor tall = matrix.shape[0] < matrix.shape[1] ? matrix.mT : matrix;
        Tensor basis = linalg.qr(tall.matmul(randn(tall.shape[1], count))).Q;
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            basis = linalg.qr(tall.mT.matmul(basis)).Q;
            basis = linalg.qr(tall.matmul(basis)).Q;
        }

        return linalg.svd(basis.mT.matmul(tall), fullMatrices: false).S;
    }
}
