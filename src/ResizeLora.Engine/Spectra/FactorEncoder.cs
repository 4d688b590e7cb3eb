using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// Stores the two factors of a truncated layer in the output's type. Both get the same share of each singular value, as in the
/// reference program. Only where the type's range would show in the product, a power of two is moved from one to the other.
/// </summary>
internal static class FactorEncoder
{
    /// <summary>Stores both factors.</summary>
    /// <param name="up">[out, k], each column as long as the row of down.</param>
    /// <param name="down">[k, in].</param>
    /// <param name="singularValues">Those of up · down, k of them.</param>
    /// <param name="norm">‖ΔW‖F of the whole layer in the same scale: what the error is relative to.</param>
    /// <param name="type">Float16, BFloat16 or Float32.</param>
    /// <returns>The bytes, and the relative error of the product where it is above the tolerance.</returns>
    public static FactorEncoding Encode(Tensor up, Tensor down, double[] singularValues, double norm, TensorType type)
    {
        var range = NumberRange.Of(type);
        byte[] upBytes = BytesOf(up, type);
        byte[] downBytes = BytesOf(down, type);
        bool fits = FiniteWeights.Are(type, upBytes) && FiniteWeights.Are(type, downBytes);
        bool isExact = norm == 0 || HighestUnderflow(up.shape[0] + down.shape[1], singularValues, norm, range) <= range.Tolerance / 2;
        if (fits && isExact)
        {
            return new FactorEncoding(upBytes, downBytes, null);
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor exactUp = up.to(ScalarType.Float64, CPU);
        Tensor exactDown = down.to(ScalarType.Float64, CPU);
        Tensor shift = Shift(exactUp, exactDown, range, evenOut: !isExact);
        Tensor writtenUp = (exactUp * shift).to(ScalarOf(type));
        Tensor writtenDown = (exactDown / shift.unsqueeze(1)).to(ScalarOf(type));
        double error = Distance(writtenUp.to(ScalarType.Float64), writtenDown.to(ScalarType.Float64), exactUp, exactDown) / norm;
        return new FactorEncoding(BytesOf(writtenUp, type), BytesOf(writtenDown, type), error <= range.Tolerance ? null : error);
    }

    // What rounding near zero adds to ‖up · down‖F at most: each factor is off by HalfStep at each of its numbers, and the
    // other one's vectors, which are orthogonal, multiply that by their length √σ.
    private static double HighestUnderflow(long numbers, double[] singularValues, double norm, NumberRange range) =>
        range.HalfStep * Math.Sqrt(numbers) * Math.Sqrt(singularValues.Sum()) / norm;

    // A power of two for each dimension, which up is multiplied with and down divided by.
    private static Tensor Shift(Tensor up, Tensor down, NumberRange range, bool evenOut)
    {
        double[] largestUp = up.abs().amax([0]).data<double>().ToArray();
        double[] largestDown = down.abs().amax([1]).data<double>().ToArray();
        double[] spreadUp = Spread(up, 0);
        double[] spreadDown = Spread(down, 1);
        return tensor(
            Enumerable
                .Range(0, largestUp.Length)
                .Select(dimension =>
                {
                    // Of two vectors of one length the one with more numbers has the smaller ones. Their rounding errors add up to the
                    // least where its numbers and those of the other are alike, so half of the ratio of their sizes is moved.
                    double wanted = evenOut ? Math.Round(Math.Log2(spreadUp[dimension] / spreadDown[dimension]) / 4) : 0;
                    double highest = Math.Floor(Math.Log2(range.Largest / largestUp[dimension]));
                    double lowest = -Math.Floor(Math.Log2(range.Largest / largestDown[dimension]));

                    // Where the product does not fit, the numbers become infinite, which the caller sees.
                    return Math.Pow(2, Math.Min(Math.Max(double.IsFinite(wanted) ? wanted : 0, lowest), highest));
                })
                .ToArray()
        );
    }

    // How many numbers of a vector count: n where all are alike, 1 where all but one are zero.
    private static double[] Spread(Tensor vectors, long dimension)
    {
        Tensor sizes = vectors.abs();
        Tensor scaled = sizes / sizes.amax([dimension], keepdim: true);
        return (scaled.sum(dimension).square() / scaled.square().sum(dimension)).data<double>().ToArray();
    }

    // ‖B'·A' − B·A‖F, without forming a product.
    private static double Distance(Tensor up, Tensor down, Tensor exactUp, Tensor exactDown)
    {
        static Tensor Inner(Tensor leftUp, Tensor leftDown, Tensor rightUp, Tensor rightDown) =>
            (leftUp.t().matmul(rightUp) * leftDown.matmul(rightDown.t())).sum();
        Tensor both = Inner(up, down, exactUp, exactDown);
        Tensor square = Inner(up, down, up, down) - (2 * both) + Inner(exactUp, exactDown, exactUp, exactDown);
        return Math.Sqrt(Math.Max(square.item<double>(), 0));
    }

    private static byte[] BytesOf(Tensor values, TensorType type)
    {
        using Tensor encoded = values.to(ScalarOf(type), CPU).contiguous();
        return encoded.bytes.ToArray();
    }

    private static ScalarType ScalarOf(TensorType type) =>
        type switch
        {
            TensorType.Float16 => ScalarType.Float16,
            TensorType.BFloat16 => ScalarType.BFloat16,
            _ => ScalarType.Float32,
        };
}
