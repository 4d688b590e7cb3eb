using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResizeLora.Files;

/// <summary>
/// Turns the bytes of weights into single precision. Exact for every type but <see cref="TensorType.Float64"/>, which is
/// rounded to nearest. Vectorised for the 16-bit types, since base models are read in them by the billion.
/// </summary>
public static class WeightDecoder
{
    private static readonly float[] Float8E4M3Values = Enumerable
        .Range(0, 256)
        .Select(static code => DecodeFloat8E4M3((byte)code))
        .ToArray();

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

    // Hot from the first call on: not worth passing through the slower tiers of the compiler.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        ref short halves = ref Unsafe.As<ushort, short>(ref MemoryMarshal.GetReference(source));
        ref float singles = ref MemoryMarshal.GetReference(destination);
        int index = 0;
        for (; Avx512F.IsSupported && index <= source.Length - Vector512<float>.Count; index += Vector512<float>.Count)
        {
            WidenHalf(Avx512F.ConvertToVector512Int32(Vector256.LoadUnsafe(ref halves, (nuint)index)))
                .StoreUnsafe(ref singles, (nuint)index);
        }

        for (; index <= source.Length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            WidenHalf(Widen(Vector128.LoadUnsafe(ref halves, (nuint)index))).StoreUnsafe(ref singles, (nuint)index);
        }

        for (; index < source.Length; index++)
        {
            destination[index] = (float)BitConverter.UInt16BitsToHalf(source[index]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<short> values) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(values)
            : Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));

    // Widening kept the sign on top: shifted, a half has its exponent and mantissa where a single has them, and multiplying
    // by 2^112 rebiases the exponent, of subnormals too. Infinities and NaN get their full exponent put back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WidenHalf(Vector256<int> half)
    {
        Vector256<int> shifted = (half << 13) & Vector256.Create(unchecked((int)0x8FFFE000));
        Vector256<float> value = shifted.AsSingle() * Vector256.Create(5.192296858534828e33f);
        Vector256<int> special =
            Vector256.GreaterThan(shifted & Vector256.Create(0x0FFFE000), Vector256.Create(0x0F7FE000)) & Vector256.Create(0x7F800000);
        return (value.AsInt32() | special).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> WidenHalf(Vector512<int> half)
    {
        Vector512<int> shifted = (half << 13) & Vector512.Create(unchecked((int)0x8FFFE000));
        Vector512<float> value = shifted.AsSingle() * Vector512.Create(5.192296858534828e33f);
        Vector512<int> special =
            Vector512.GreaterThan(shifted & Vector512.Create(0x0FFFE000), Vector512.Create(0x0F7FE000)) & Vector512.Create(0x7F800000);
        return (value.AsInt32() | special).AsSingle();
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
