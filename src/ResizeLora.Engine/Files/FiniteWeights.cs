using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Files;

/// <summary>Looks for infinities and NaN among stored weights, by their exponents alone.</summary>
internal static class FiniteWeights
{
    /// <summary>Whether all weights are finite.</summary>
    /// <param name="type">Float16, BFloat16 or Float32.</param>
    /// <param name="bytes">The weights, little-endian.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another type.</exception>
    public static bool Are(TensorType type, ReadOnlySpan<byte> bytes) =>
        type switch
        {
            TensorType.Float16 => Lack<ushort>(bytes, 0x7C00),
            TensorType.BFloat16 => Lack<ushort>(bytes, 0x7F80),
            TensorType.Float32 => Lack<uint>(bytes, 0x7F800000),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No output has this type."),
        };

    // All bits of the exponent set is what infinities and NaN have in common.
    private static bool Lack<T>(ReadOnlySpan<byte> bytes, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        ReadOnlySpan<T> weights = MemoryMarshal.Cast<byte, T>(bytes);
        Vector256<T> exponents = Vector256.Create(exponent);
        int index = 0;
        for (; index <= weights.Length - Vector256<T>.Count; index += Vector256<T>.Count)
        {
            if (Vector256.EqualsAny(Vector256.Create(weights[index..]) & exponents, exponents))
            {
                return false;
            }
        }

        for (; index < weights.Length; index++)
        {
            if ((weights[index] & exponent) == exponent)
            {
                return false;
            }
        }

        return true;
    }
}
