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
                EighthToSingle<E5M2>(source, destination);
                break;
            default:
                EighthToSingle<E4M3>(source, destination);
                break;
        }
    }

    /// <summary>Makes halves of numbers of 8 bits, all of which a half can hold.</summary>
    /// <param name="type"><see cref="TensorType.Float8E4M3"/> or <see cref="TensorType.Float8E5M2"/>.</param>
    /// <param name="source">The numbers.</param>
    /// <param name="destination">As many halves.</param>
    public static void ToHalf(TensorType type, ReadOnlySpan<byte> source, Span<ushort> destination)
    {
        Span<ushort> halves = stackalloc ushort[256];
        Span<byte> code = stackalloc byte[1];
        Span<float> number = stackalloc float[1];
        for (int index = 0; index < halves.Length; index++)
        {
            code[0] = (byte)index;
            ToSingle(type, code, number);
            halves[index] = BitConverter.HalfToUInt16Bits((Half)number[0]);
        }

        for (int index = 0; index < source.Length; index++)
        {
            destination[index] = halves[source[index]];
        }
    }

    // Hot from the first call on: not worth passing through the slower tiers of the compiler.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        ref short halves = ref Unsafe.As<ushort, short>(ref MemoryMarshal.GetReference(source));
        ref float singles = ref MemoryMarshal.GetReference(destination);
        int index = 0;
        for (; index <= source.Length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            WidenHalf(Widen(Vector128.LoadUnsafe(ref halves, (nuint)index))).StoreUnsafe(ref singles, (nuint)index);
        }

        for (; index < source.Length; index++)
        {
            destination[index] = (float)BitConverter.UInt16BitsToHalf(source[index]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EighthToSingle<TFormat>(ReadOnlySpan<byte> source, Span<float> destination)
        where TFormat : struct, IEighth
    {
        ref byte eighths = ref MemoryMarshal.GetReference(source);
        ref float singles = ref MemoryMarshal.GetReference(destination);
        int index = 0;
        for (; index <= source.Length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            Vector128<ushort> codes = Vector128.WidenLower(
                Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref eighths, index))).AsByte()
            );
            TFormat.Widen(Widen(TFormat.ToHalf(codes))).StoreUnsafe(ref singles, (nuint)index);
        }

        for (; index < source.Length; index++)
        {
            Vector128<ushort> code = Vector128.CreateScalar((ushort)source[index]);
            destination[index] = TFormat.Widen(Widen(TFormat.ToHalf(code))).ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<short> values) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(values)
            : Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));

    // Widening kept the sign on top. Shifted, with its exponent counted from a single's zero, a half is the single x of the same value
    // 1.mantissa · 2^exponent. A subnormal half, 0.mantissa · 2^-14, became 1.mantissa · 2^-15 = 2^-15 + value / 2: it is 2x - 2^-14,
    // which is smaller than x for those, and never for others. So no subnormal takes part in arithmetic, for which some processors need
    // a hundred times as long. Infinities and NaN get their full exponent put back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WidenHalf(Vector256<int> half)
    {
        Vector256<int> bits = ((half & Vector256.Create(0x7FFF)) << 13) + Vector256.Create((127 - 15) << 23);
        Vector256<float> value = bits.AsSingle();
        value = Vector256.Min(value, VectorMath.MultiplyAdd(value, Vector256.Create(2f), Vector256.Create(-6.103515625e-05f)));
        Vector256<int> special = Vector256.GreaterThanOrEqual(bits, Vector256.Create((127 + 16) << 23)) & Vector256.Create(0x7F800000);
        return (value.AsInt32() | (half & Vector256.Create(int.MinValue)) | special).AsSingle();
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

    /// <summary>A type of 8 bits, by way of the half that it is part of.</summary>
    private interface IEighth
    {
        static abstract Vector128<short> ToHalf(Vector128<ushort> codes);

        static abstract Vector256<float> Widen(Vector256<int> halves);
    }

    // The upper byte of a half: same exponent, fewer mantissa bits.
    private readonly struct E5M2 : IEighth
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ToHalf(Vector128<ushort> codes) => (codes << 8).AsInt16();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Widen(Vector256<int> halves) => WidenHalf(halves);
    }

    // "FP8 Formats for Deep Learning": four bits of exponent that count from 7 instead of 15, so that the half with the same bits is
    // 2^-8 of the number; no infinities, and S.1111.111, which would be 480, is NaN.
    private readonly struct E4M3 : IEighth
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ToHalf(Vector128<ushort> codes) =>
            (((codes & Vector128.Create((ushort)0x80)) << 8) | ((codes & Vector128.Create((ushort)0x7F)) << 7)).AsInt16();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Widen(Vector256<int> halves)
        {
            Vector256<float> numbers = WidenHalf(halves) * 256f;
            Vector256<float> notNumbers = Vector256.Equals(Vector256.Abs(numbers), Vector256.Create(480f));
            return (numbers.AsInt32() | (notNumbers.AsInt32() & Vector256.Create(0x7FC00000))).AsSingle();
        }
    }
}
