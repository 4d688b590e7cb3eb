using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>Puts a decomposition together: what is kept of it, and how accurate it is.</summary>
internal static class FactorAssembly
{
    /// <summary>
    /// σ is promised within 1e-4 for σ ≥ 1e-4·σ₁; a tenth of that error is allowed to the estimate.
    /// </summary>
    public const double AllowedError = 1e-5;

    private const double PromisedRange = 1e-4;

    // γ: sums of thousands of products in panels and fused operations, and the Cholesky decomposition of the same.
    private const double SumRounding = 64 * SmallSpectrum.Epsilon;

    // Single precision loses about 6e-8 · growth of a dimension; fifty times that is still a third of the 1e-5 promised.
    private const double SinglePrecisionGrowth = 50;

    /// <summary>Puts a decomposition together, with what its accuracy is.</summary>
    /// <param name="left">X, in double precision on the processor.</param>
    /// <param name="right">Y, likewise.</param>
    /// <param name="wanted">What is kept of them.</param>
    /// <param name="singularValues">σ, descending.</param>
    /// <param name="leftGrowth">The growth of each combination of B's columns.</param>
    /// <param name="rightGrowth">That of A's rows.</param>
    /// <param name="worstError">The highest relative error of a σ that counts.</param>
    public static LayerFactors Assemble(
        Tensor left,
        Tensor right,
        WantedColumns wanted,
        double[] singularValues,
        double[] leftGrowth,
        double[] rightGrowth,
        out double worstError
    )
    {
        worstError = 0;
        double lost = 0;
        double total = 0;
        double highest = 0;
        for (int index = 0; index < singularValues.Length; index++)
        {
            double square = singularValues[index] * singularValues[index];
            double growth = (leftGrowth[index] * leftGrowth[index]) + (rightGrowth[index] * rightGrowth[index]);
            if (singularValues[index] >= PromisedRange * singularValues[0])
            {
                worstError = Math.Max(worstError, SumRounding * growth / 2);
            }

            highest = Math.Max(highest, Math.Max(leftGrowth[index], rightGrowth[index]));
            lost += square * growth;
            total += square;
        }

        int rank = (int)left.shape[0];
        int count = wanted.Of(singularValues);
        bool needsDoublePrecision = lost > SinglePrecisionGrowth * SinglePrecisionGrowth * total;
        using Tensor leftRows = left.contiguous();
        using Tensor rightRows = right.contiguous();
        Span<double> leftNumbers = NumbersOf(leftRows);
        Span<double> rightNumbers = NumbersOf(rightRows);
        bool inSingle = wanted.Precision switch
        {
            CoefficientPrecision.Single => true,
            CoefficientPrecision.Double => false,
            _ => LayerFactors.AreExactInSingle(highest, needsDoublePrecision, leftNumbers, rightNumbers),
        };
        return new LayerFactors(
            new Coefficients(leftNumbers, rank, count, inSingle),
            new Coefficients(rightNumbers, rank, count, inSingle),
            singularValues,
            highest,
            needsDoublePrecision
        );
    }

    /// <summary>Where the numbers of a matrix lie: an array of them would be the largest thing that the collector has to do with.</summary>
    /// <param name="contiguous">The matrix, in double precision on the processor.</param>
    public static Span<double> NumbersOf(Tensor contiguous) => MemoryMarshal.Cast<byte, double>(contiguous.bytes);
}
