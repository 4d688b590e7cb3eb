using ResizeLora.Files;

namespace ResizeLora.Resizing;

/// <summary>
/// The alpha that a resized layer is written with: alpha/rank stays what it was, so the new alpha is the old ratio times the
/// new rank. Rounded to the output's type; what rounding changes is put right in the factors.
/// </summary>
/// <param name="Type">The output's type, or Float32 where that cannot hold the number.</param>
/// <param name="Bytes">The stored number.</param>
/// <param name="Gain">What the factors' product must be multiplied with so that the stored alpha gives the exact ΔW.</param>
internal readonly record struct OutputAlpha(TensorType Type, byte[] Bytes, double Gain)
{
    // A coarser rounding than half a percent means that the number is among the type's subnormals.
    private const double CoarsestRounding = 5e-3;

    /// <summary>Chooses the alpha of a layer.</summary>
    /// <param name="ratio">alpha/rank of the input; zero stays zero, and the factors as they are.</param>
    /// <param name="keptRank">The new rank, at least 1.</param>
    /// <param name="type">The output's type.</param>
    public static OutputAlpha Create(double ratio, int keptRank, TensorType type)
    {
        double exact = ratio * keptRank;
        if (exact == 0)
        {
            return new OutputAlpha(type, new byte[TensorTypes.BytesOf(type)], 1);
        }

        (byte[] bytes, double stored) = Encode(exact, type);
        if (!(double.IsFinite(stored) && Math.Abs(stored - exact) <= CoarsestRounding * Math.Abs(exact)))
        {
            type = TensorType.Float32;
            (bytes, stored) = Encode(exact, type);
        }

        if (!double.IsFinite(stored) || stored == 0)
        {
            // Only a double can hold it: the factors take all of the scale but its sign.
            (bytes, stored) = Encode(Math.CopySign(keptRank, exact), type);
        }

        return new OutputAlpha(type, bytes, exact / stored);
    }

    private static (byte[] Bytes, double Stored) Encode(double value, TensorType type)
    {
        byte[] bytes = NumberEncoder.Encode(type, [value]);
        return (bytes, WeightNumbers.ToDoubles(type, bytes)[0]);
    }
}
