using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Files;

/// <summary>
/// Turns the bytes of weights into single precision, and those of 8-bit types into halves. Exact for every type but
/// <see cref="TensorType.Float64"/>, which is rounded to nearest.
/// </summary>
public static class WeightDecoder
{
    // A half without its sign, and the first that is not finite.
    private const ushort NumberOfHalf = 0x7FFF;
    private const ushort InfiniteHalf = 0x7C00;

    // The upper byte of a half: same exponent, fewer mantissa bits.
    private static readonly float[] E5M2 = [.. Enumerable.Range(0, 256).Select(static code => HalfOf(code << 8))];

    // "FP8 Formats for Deep Learning": four bits of exponent that count from 7 instead of 15, so that the half with the same bits is
    // 2^-8 of the number; no infinities, and S.1111.111, which would be 480, is NaN.
    private static readonly float[] E4M3 =
    [
        .. Enumerable
            .Range(0, 256)
            .Select(static code => (code & 0x7F) == 0x7F ? float.NaN : 256 * HalfOf(((code & 0x80) << 8) | ((code & 0x7F) << 7))),
    ];

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
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case TensorType.BFloat16:
                BFloat16ToSingle(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case TensorType.Float32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TensorType.Float64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(source), destination);
                break;
            default:
                LookUp(source, NumbersOf(type), destination);
                break;
        }
    }

    /// <summary>Makes halves of numbers of 8 bits, all of which a half can hold.</summary>
    /// <param name="type"><see cref="TensorType.Float8E4M3"/> or <see cref="TensorType.Float8E5M2"/>.</param>
    /// <param name="source">The numbers.</param>
    /// <param name="destination">As many halves.</param>
    /// <returns>Whether all are finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool ToHalf(TensorType type, ReadOnlySpan<byte> source, Span<ushort> destination)
    {
        var numberMask = Vector256.Create(NumberOfHalf);
        Vector256<ushort> largest = default;
        int index = 0;
        for (; index <= source.Length - Vector256<byte>.Count; index += Vector256<byte>.Count)
        {
            (Vector256<ushort> lower, Vector256<ushort> upper) = Vector256.Widen(Vector256.Create(source[index..]));
            lower = HalvesOf(type, lower);
            upper = HalvesOf(type, upper);
            largest = Vector256.Max(largest, Vector256.Max(lower & numberMask, upper & numberMask));
            lower.CopyTo(destination[index..]);
            upper.CopyTo(destination[(index + Vector256<ushort>.Count)..]);
        }

        for (; index < source.Length; index++)
        {
            Vector256<ushort> halves = HalvesOf(type, Vector256.Create((ushort)source[index]));
            largest = Vector256.Max(largest, halves & numberMask);
            destination[index] = halves[0];
        }

        return Vector256.LessThanAll(largest, Vector256.Create(InfiniteHalf));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> HalvesOf(TensorType type, Vector256<ushort> codes)
    {
        if (type == TensorType.Float8E5M2)
        {
            return codes << 8;
        }

        // The exponents of normal numbers count from 7 instead of 15; below 8 are the subnormal ones, m · 2^-9, whose halves are normal.
        Vector256<ushort> numbers = codes & Vector256.Create((ushort)0x7F);
        Vector256<ushort> normal = (numbers << 7) + Vector256.Create((ushort)((15 - 7) << 10));
        Vector256<ushort> subnormal = Vector256.ConditionalSelect(
            Vector256.LessThan(numbers, Vector256.Create((ushort)4)),
            Vector256.ConditionalSelect(
                Vector256.LessThan(numbers, Vector256.Create((ushort)2)),
                numbers * Vector256.Create((ushort)0x1800),
                (numbers << 9) + Vector256.Create((ushort)0x1800)
            ),
            (numbers << 8) + Vector256.Create((ushort)0x1C00)
        );
        Vector256<ushort> halves = Vector256.ConditionalSelect(
            Vector256.LessThan(numbers, Vector256.Create((ushort)8)),
            subnormal,
            normal
        );
        Vector256<ushort> notNumbers = Vector256.Equals(numbers, Vector256.Create((ushort)0x7F));
        return halves | (notNumbers & Vector256.Create((ushort)0x7E00)) | ((codes & Vector256.Create((ushort)0x80)) << 8);
    }

    private static float HalfOf(int bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    private static float[] NumbersOf(TensorType type) => type == TensorType.Float8E5M2 ? E5M2 : E4M3;

    // Loops here are hot from the first call on: not worth passing through the slower tiers of the compiler.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LookUp(ReadOnlySpan<byte> codes, ReadOnlySpan<float> numbers, Span<float> destination)
    {
        for (int index = 0; index < codes.Length; index++)
        {
            destination[index] = numbers[codes[index]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
}
