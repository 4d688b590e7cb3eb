using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Safetensors;

/// <summary>
/// Turns the bytes of weights into single precision. Exact for every type but <see cref="TensorType.Float64"/>, which is
/// rounded to nearest. Vectorised for the 16-bit types, since base models are read in them by the billion.
/// </summary>
public static class WeightDecoder
{
    private static readonly float[] Float8E4M3Values = Enumerable.Range(0, 256).Select(static code => DecodeFloat8E4M3((byte)code)).ToArray();

    /// <summary>Decodes elements.</summary>
    /// <param name="type">A type for which <see cref="TensorTypes.IsWeight"/> holds.</param>
    /// <param name="source">The bytes, little-endian, as they lie in the file.</param>
    /// <param name="destination">One float for each element of <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException">The type is not one of weights, or the lengths differ.</exception>
    public static void ToSingle(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (!TensorTypes.IsWeight(type) || source.Length != destination.Length * (long)TensorTypes.BytesOf(type))
        {
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} weights of type {type}.", nameof(source));
        }

        switch (type)
        {
            case TensorType.Float16:
                HalfToSingle(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case TensorType.BFloat16:
                BFloat16ToSingle(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case TensorType.Float32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TensorType.Float64:
                for (int index = 0; index < destination.Length; index++)
                {
                    destination[index] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(index * sizeof(double))..]);
                }

                break;
            case TensorType.Float8E5M2:
                // The upper byte of a half: same exponent, fewer mantissa bits.
                for (int index = 0; index < destination.Length; index++)
                {
                    destination[index] = (float)BitConverter.UInt16BitsToHalf((ushort)(source[index] << 8));
                }

                break;
            default:
                for (int index = 0; index < destination.Length; index++)
                {
                    destination[index] = Float8E4M3Values[source[index]];
                }

                break;
        }
    }

    private static void HalfToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int index = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; index <= source.Length - Vector512<ushort>.Count; index += Vector512<ushort>.Count)
            {
                (Vector512<uint> lower, Vector512<uint> upper) = Vector512.Widen(Vector512.Create(source[index..]));
                WidenHalf(lower).CopyTo(destination[index..]);
                WidenHalf(upper).CopyTo(destination[(index + Vector512<float>.Count)..]);
            }
        }

        for (; index <= source.Length - Vector256<ushort>.Count; index += Vector256<ushort>.Count)
        {
            (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(Vector256.Create(source[index..]));
            WidenHalf(lower).CopyTo(destination[index..]);
            WidenHalf(upper).CopyTo(destination[(index + Vector256<float>.Count)..]);
        }

        for (; index < source.Length; index++)
        {
            destination[index] = (float)BitConverter.UInt16BitsToHalf(source[index]);
        }
    }

    // Moves exponent and mantissa into place and rebiases the exponent; subnormal halves are rebuilt by subtracting the
    // implicit one that the shift gave them, infinities and NaN get the full exponent back.
    private static Vector256<float> WidenHalf(Vector256<uint> half)
    {
        Vector256<uint> magnitude = (half & Vector256.Create(0x7FFFu)) << 13;
        Vector256<uint> sign = (half & Vector256.Create(0x8000u)) << 16;
        Vector256<uint> normal = magnitude + Vector256.Create(112u << 23);
        Vector256<uint> special = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create(0x7C00 << 13)).AsUInt32() & Vector256.Create(0x7F800000u);
        Vector256<float> subnormal = (magnitude + Vector256.Create(113u << 23)).AsSingle() - Vector256.Create(1f / 16384);
        Vector256<uint> isSubnormal = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(1 << 23)).AsUInt32();
        return (Vector256.ConditionalSelect(isSubnormal, subnormal.AsUInt32(), normal | special) | sign).AsSingle();
    }

    private static Vector512<float> WidenHalf(Vector512<uint> half)
    {
        Vector512<uint> magnitude = (half & Vector512.Create(0x7FFFu)) << 13;
        Vector512<uint> sign = (half & Vector512.Create(0x8000u)) << 16;
        Vector512<uint> normal = magnitude + Vector512.Create(112u << 23);
        Vector512<uint> special = Vector512.GreaterThanOrEqual(magnitude.AsInt32(), Vector512.Create(0x7C00 << 13)).AsUInt32() & Vector512.Create(0x7F800000u);
        Vector512<float> subnormal = (magnitude + Vector512.Create(113u << 23)).AsSingle() - Vector512.Create(1f / 16384);
        Vector512<uint> isSubnormal = Vector512.LessThan(magnitude.AsInt32(), Vector512.Create(1 << 23)).AsUInt32();
        return (Vector512.ConditionalSelect(isSubnormal, subnormal.AsUInt32(), normal | special) | sign).AsSingle();
    }

    private static void BFloat16ToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int index = 0;
        for (; index <= source.Length - Vector256<ushort>.Count; index += Vector256<ushort>.Count)
        {
            (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(Vector256.Create(source[index..]));
            (lower << 16).AsSingle().CopyTo(destination[index..]);
            (upper << 16).AsSingle().CopyTo(destination[(index + Vector256<float>.Count)..]);
        }

        for (; index < source.Length; index++)
        {
            destination[index] = BitConverter.UInt32BitsToSingle((uint)source[index] << 16);
        }
    }

    // E4M3 as in "FP8 Formats for Deep Learning": bias 7, no infinities, S.1111.111 is NaN.
    private static float DecodeFloat8E4M3(byte code)
    {
        int exponent = (code >> 3) & 0xF;
        int mantissa = code & 7;
        float magnitude = (exponent, mantissa) switch
        {
            (0xF, 7) => float.NaN,
            (0, _) => MathF.ScaleB(mantissa, -9),
            _ => MathF.ScaleB(8 + mantissa, exponent - 10),
        };
        return (code & 0x80) == 0 ? magnitude : -magnitude;
    }
}
