using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Tests;

/// <summary>
/// The floating-point types of weights by their definition, one number at a time: what the engine's decoder must agree with.
/// </summary>
internal static class ScalarFloat
{
    /// <summary>The number that a pattern of bits stands for.</summary>
    public static double Decode(TensorType type, ulong bits) =>
        type switch
        {
            TensorType.Float8E4M3 => Decode(bits, 4, 3, hasInfinity: false),
            TensorType.Float8E5M2 => Decode(bits, 5, 2, hasInfinity: true),
            TensorType.Float16 => Decode(bits, 5, 10, hasInfinity: true),
            TensorType.BFloat16 => Decode(bits, 8, 7, hasInfinity: true),
            TensorType.Float32 => Decode(bits, 8, 23, hasInfinity: true),
            TensorType.Float64 => BitConverter.UInt64BitsToDouble(bits),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type of weights."),
        };

    /// <summary>The numbers in the bytes of a tensor.</summary>
    public static double[] DecodeAll(TensorType type, ReadOnlySpan<byte> bytes)
    {
        int width = TensorTypes.BytesOf(type);
        double[] values = new double[bytes.Length / width];
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        for (int index = 0; index < values.Length; index++)
        {
            padded.Clear();
            bytes.Slice(index * width, width).CopyTo(padded);
            values[index] = Decode(type, BinaryPrimitives.ReadUInt64LittleEndian(padded));
        }

        return values;
    }

    private static double Decode(ulong bits, int exponentBits, int mantissaBits, bool hasInfinity)
    {
        ulong allMantissa = (1ul << mantissaBits) - 1;
        ulong mantissa = bits & allMantissa;
        int allExponent = (1 << exponentBits) - 1;
        int exponent = (int)(bits >> mantissaBits) & allExponent;
        int bias = allExponent >> 1;
        double sign = ((bits >> (mantissaBits + exponentBits)) & 1) == 0 ? 1 : -1;
        if (exponent == allExponent && (hasInfinity || mantissa == allMantissa))
        {
            return hasInfinity && mantissa == 0 ? sign * double.PositiveInfinity : double.NaN;
        }

        double fraction = mantissa * Math.Pow(2, -mantissaBits);
        return exponent == 0 ? sign * fraction * Math.Pow(2, 1 - bias) : sign * (1 + fraction) * Math.Pow(2, exponent - bias);
    }
}
