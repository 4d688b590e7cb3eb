using System.Runtime.InteropServices;
using ResizeLora.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// The singular value decomposition of Q·D·Pᵀ with a diagonal D of any range between two factors of nearly orthogonal columns, by way
/// of r × r matrices in double precision.
/// </summary>
/// <remarks>
/// With QᵀQ = L·Lᵀ and PᵀP = M·Mᵀ (Cholesky) the singular values are those of T = Lᵀ·D·M. Of T·Tᵀ = U·Λ·Uᵀ they are √Λ, the left vectors
/// are Q·X with X = L⁻ᵀ·U, and the right ones P·Y with Y = M⁻ᵀ·TᵀU·Λ^(−1/2). As in <see cref="MatrixSpectrum"/>, an eigenvalue λ = σ² is
/// off by a small multiple of 2e-16·σ₁², which is 1e-7 of a σ that is 1e-4 of σ₁. What cancels in Q·X and P·Y is little, which is
/// computed: so single precision holds X and Y.
/// </remarks>
internal static class DiagonalSpectrum
{
    /// <summary>Decomposes Q·D·Pᵀ.</summary>
    /// <param name="upGram">QᵀQ, r × r, in double precision on the processor.</param>
    /// <param name="downGram">PᵀP, r × r, likewise.</param>
    /// <param name="middle">D, positive.</param>
    /// <param name="wanted">What is kept.</param>
    /// <returns>The factors; null where the columns are too far from orthogonal, or the numbers are not finite.</returns>
    /// <exception cref="ExternalException">Memory did not suffice.</exception>
    public static LayerFactors? Decompose(Tensor upGram, Tensor downGram, double[] middle, WantedColumns wanted)
    {
        using DisposeScope scope = NewDisposeScope();
        if (RootOf(upGram) is not { } upRoot || RootOf(downGram) is not { } downRoot || !Array.TrueForAll(middle, double.IsFinite))
        {
            return null;
        }

        double largest = middle.Max();
        Tensor core = upRoot.t().matmul(downRoot * Column(Array.ConvertAll(middle, value => value / largest)));
        if (SmallSpectrum.TryConverge(() => linalg.eigh(core.matmul(core.t()))) is not var (ascending, vectors))
        {
            return null;
        }

        double[] values = SmallSpectrum.RootsOf(TensorReader.ToArray(ascending.flip(0)));
        Tensor inverse = Column(Array.ConvertAll(values, static value => value > 0 ? 1 / value : 0)).t();
        Tensor leftVectors = vectors.flip(1);
        Tensor left = linalg.solve_triangular(upRoot.t(), leftVectors, upper: true);
        Tensor right = linalg.solve_triangular(downRoot.t(), core.t().matmul(leftVectors) * inverse, upper: true);
        LayerFactors factors = FactorAssembly.Assemble(
            left,
            right,
            wanted with
            {
                Precision = CoefficientPrecision.Single,
            },
            Array.ConvertAll(values, value => value * largest),
            Growth(left, upGram),
            Growth(right, downGram),
            out double worstError
        );
        return worstError <= FactorAssembly.AllowedError && !factors.NeedsDoublePrecision ? factors : null;
    }

    private static Tensor? RootOf(Tensor gram)
    {
        (Tensor root, Tensor info) = linalg.cholesky_ex(gram);
        return info.item<int>() == 0 && root.isfinite().all().item<bool>() ? root : null;
    }

    private static Tensor Column(double[] values) =>
        TensorReader.FromArray(values, values.Length, 1, ScalarType.Float64, ComputeDevice.Processor);

    // For each combination the sum of the lengths that are added: how much cancels when it is formed.
    private static double[] Growth(Tensor coefficients, Tensor gram) =>
        TensorReader.ToArray(gram.diagonal().sqrt().unsqueeze(0).matmul(coefficients.abs()));
}
