using System.Buffers;
using System.Numerics.Tensors;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The spectral norm by the symmetric Lanczos iteration on VᵀV, W = 2^e·V, with full reorthogonalisation. It stops on its own error
/// estimate: for the largest Ritz value θ of the tridiagonal T with eigenvector s, the residual ‖VᵀV·x − θ·x‖ is
/// β·|s_last|, and the error of θ is at most residual²/gap (Parlett, The Symmetric Eigenvalue Problem, 11.7.1). The gap is
/// known only as far as the iteration has seen the second value. Where the two largest lie so close together that it has not,
/// θ is a mixture of both whose residual is about half their distance, so that the residual itself must be small as well.
/// </summary>
internal static class LanczosNorm
{
    // Relative error of θ = σ² aimed at; σ then has half of it, a tenth of the 1e-5 that is promised.
    private const double Tolerance = 2e-6;

    // Relative residual up to which a mixture of two values is as good as the larger one: the error is less than it.
    private const double LargestResidual = 2e-5;

    // The gap to the second Ritz value overstates the true gap until both have settled.
    private const double GapSafety = 0.25;

    // Weights of models need ten to forty steps. The densest spectrum that there can be, cos² of equal angles, needs about a thousand.
    private const int MinimumSteps = 4;
    internal const int MaximumSteps = 2000;

    // T is decomposed after every step at first and then after every 32nd part of them, so that this costs less than the steps.
    private const int StepsBetweenLooks = 32;

    /// <summary>Computes both norms of the weight behind an operator.</summary>
    /// <param name="weight">VᵀV.</param>
    /// <param name="cancellationToken">Checked before every application.</param>
    /// <param name="maximumSteps">After how many steps the iteration gives up.</param>
    /// <returns>The norms of W, and whether σ_max is as accurate as is promised; otherwise it is a lower bound.</returns>
    public static (BaseNorms Norms, bool IsAccurate) Compute(
        IGramOperator weight,
        CancellationToken cancellationToken,
        int maximumSteps = MaximumSteps
    )
    {
        double frobenius = Math.Sqrt(weight.SquaredFrobeniusNorm);
        (double spectral, bool isAccurate) = frobenius is > 0 and < double.PositiveInfinity
            ? SpectralNorm(weight, maximumSteps, cancellationToken)
            : (frobenius, true);
        return (new BaseNorms(Math.ScaleB(spectral, weight.Exponent), Math.ScaleB(frobenius, weight.Exponent)), isAccurate);
    }

    private static (double Value, bool IsAccurate) SpectralNorm(IGramOperator weight, int maximumSteps, CancellationToken cancellationToken)
    {
        int size = weight.Size;
        int nextLook = 1;
        double largest = 0;
        var basis = new List<float[]>(16);
        var diagonal = new List<double>(16);
        var offDiagonal = new List<double>(16);
        try
        {
            basis.Add(StartVector(size));
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                float[] next = ArrayPool<float>.Shared.Rent(size);
                Span<float> product = next.AsSpan(0, size);
                weight.Apply(basis[^1].AsSpan(0, size), product);
                diagonal.Add(VectorMath.Dot(product, basis[^1].AsSpan(0, size)));
                Orthogonalise(product, basis, size);
                double beta = Math.Sqrt(VectorMath.Dot(product, product));

                // Where nothing of the space is left, or of the product, T has the eigenvalues of VᵀV themselves.
                bool exhausted = diagonal.Count == size || beta <= 1e-7 * largest;
                bool last = exhausted || diagonal.Count >= maximumSteps;
                if (last || diagonal.Count >= nextLook)
                {
                    nextLook = diagonal.Count + 1 + (diagonal.Count / StepsBetweenLooks);
                    (largest, double second, double lastComponent) = Tridiagonal.LargestEigenvalue([.. diagonal], [.. offDiagonal]);
                    double residual = beta * Math.Abs(lastComponent);
                    double gap = GapSafety * (largest - second);
                    double error = gap > residual ? residual * residual / gap : residual;
                    bool accurate =
                        exhausted
                        || beta <= 1e-7 * largest
                        || (diagonal.Count >= MinimumSteps && residual <= LargestResidual * largest && error <= Tolerance * largest);
                    if (accurate || last)
                    {
                        ArrayPool<float>.Shared.Return(next);
                        return (Math.Sqrt(Math.Max(largest, 0)), accurate);
                    }
                }

                TensorPrimitives.Multiply(product, (float)(1 / beta), product);
                offDiagonal.Add(beta);
                basis.Add(next);
            }
        }
        finally
        {
            foreach (float[] vector in basis)
            {
                ArrayPool<float>.Shared.Return(vector);
            }
        }
    }

    // Twice is enough (Kahan): the first pass leaves rounding errors of the size of what it removed.
    private static void Orthogonalise(Span<float> vector, List<float[]> basis, int size)
    {
        for (int pass = 0; pass < 2; pass++)
        {
            foreach (float[] direction in basis)
            {
                ReadOnlySpan<float> unit = direction.AsSpan(0, size);
                TensorPrimitives.MultiplyAddEstimate(unit, -VectorMath.Dot(vector, unit), vector, vector);
            }
        }
    }

    // The same signs every time, so that a norm never depends on chance; xorshift is enough to be orthogonal to nothing.
    private static float[] StartVector(int size)
    {
        float[] vector = ArrayPool<float>.Shared.Rent(size);
        uint state = 2463534242;
        for (int index = 0; index < size; index++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            vector[index] = ((state >> 8) / 8388608f) - 1f;
        }

        Span<float> used = vector.AsSpan(0, size);
        TensorPrimitives.Multiply(used, (float)(1 / Math.Sqrt(VectorMath.Dot(used, used))), used);
        return vector;
    }
}
