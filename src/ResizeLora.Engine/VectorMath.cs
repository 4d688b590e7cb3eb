using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResizeLora;

/// <summary>The vector operations that inner loops repeat.</summary>
/// <remarks>
/// Whether a product and a sum are rounded once or twice depends on the processor, never on the width of the registers, so that on
/// one processor the loops of every width give the same bits.
/// </remarks>
internal static class VectorMath
{
    /// <summary>left · right + addend, in one rounding where the processor can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.IsSupported ? Fma.MultiplyAdd(left, right, addend) : (left * right) + addend;

    /// <inheritdoc cref="MultiplyAdd(Vector256{float}, Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> MultiplyAdd(Vector256<double> left, Vector256<double> right, Vector256<double> addend) =>
        Fma.IsSupported ? Fma.MultiplyAdd(left, right, addend) : (left * right) + addend;

    /// <inheritdoc cref="MultiplyAdd(Vector256{float}, Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Avx512F.IsSupported
            ? Avx512F.FusedMultiplyAdd(left, right, addend)
            : Vector512.Create(
                MultiplyAdd(left.GetLower(), right.GetLower(), addend.GetLower()),
                MultiplyAdd(left.GetUpper(), right.GetUpper(), addend.GetUpper())
            );

    /// <inheritdoc cref="MultiplyAdd(Vector256{float}, Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> MultiplyAdd(Vector512<double> left, Vector512<double> right, Vector512<double> addend) =>
        Avx512F.IsSupported
            ? Avx512F.FusedMultiplyAdd(left, right, addend)
            : Vector512.Create(
                MultiplyAdd(left.GetLower(), right.GetLower(), addend.GetLower()),
                MultiplyAdd(left.GetUpper(), right.GetUpper(), addend.GetUpper())
            );

    /// <summary>
    /// Asks for bytes that are needed soon; a place past the end of what <paramref name="start"/> belongs to does no harm.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Prefetch(ref byte start, nuint offset)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0((byte*)Unsafe.AsPointer(ref start) + offset);
        }
    }

    /// <summary>xᵀy. Partial sums of a few thousand elements are carried to double precision.</summary>
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        const int Chunk = 4096;
        double sum = 0;
        for (int start = 0; start < left.Length; start += Chunk)
        {
            int length = Math.Min(Chunk, left.Length - start);
            sum += DotChunk(left.Slice(start, length), right.Slice(start, length));
        }

        return (float)sum;
    }

    /// <summary>target += factor · source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(Span<float> target, float factor, ReadOnlySpan<float> source)
    {
        ref float targets = ref MemoryMarshal.GetReference(target);
        ref float sources = ref MemoryMarshal.GetReference(source[..target.Length]);
        Vector256<float> factors = Vector256.Create(factor);
        int index = 0;
        for (; index <= target.Length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            MultiplyAdd(factors, Vector256.LoadUnsafe(ref sources, (nuint)index), Vector256.LoadUnsafe(ref targets, (nuint)index))
                .StoreUnsafe(ref targets, (nuint)index);
        }

        for (; index < target.Length; index++)
        {
            target[index] += factor * source[index];
        }
    }

    /// <summary>target += factor · source, in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(double factor, ReadOnlySpan<double> source, Span<double> target)
    {
        ref double targets = ref MemoryMarshal.GetReference(target);
        ref double sources = ref MemoryMarshal.GetReference(source[..target.Length]);
        Vector256<double> factors = Vector256.Create(factor);
        int index = 0;
        for (; index <= target.Length - Vector256<double>.Count; index += Vector256<double>.Count)
        {
            MultiplyAdd(factors, Vector256.LoadUnsafe(ref sources, (nuint)index), Vector256.LoadUnsafe(ref targets, (nuint)index))
                .StoreUnsafe(ref targets, (nuint)index);
        }

        for (; index < target.Length; index++)
        {
            target[index] += factor * source[index];
        }
    }

    /// <summary>Rounds numbers to single precision.</summary>
    public static void ToSingles(ReadOnlySpan<double> source, Span<float> target)
    {
        for (int index = 0; index < source.Length; index++)
        {
            target[index] = (float)source[index];
        }
    }

    /// <summary>target *= factor.</summary>
    public static void Scale(Span<float> target, float factor)
    {
        Span<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(target);
        foreach (ref Vector256<float> vector in vectors)
        {
            vector *= factor;
        }

        foreach (ref float number in target[(vectors.Length * Vector256<float>.Count)..])
        {
            number *= factor;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float DotChunk(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ref float lefts = ref MemoryMarshal.GetReference(left);
        ref float rights = ref MemoryMarshal.GetReference(right[..left.Length]);
        Vector256<float> sum = default,
            other = default;
        int index = 0;
        for (; index <= left.Length - (2 * Vector256<float>.Count); index += 2 * Vector256<float>.Count)
        {
            nuint here = (nuint)index;
            nuint next = here + (nuint)Vector256<float>.Count;
            sum = MultiplyAdd(Vector256.LoadUnsafe(ref lefts, here), Vector256.LoadUnsafe(ref rights, here), sum);
            other = MultiplyAdd(Vector256.LoadUnsafe(ref lefts, next), Vector256.LoadUnsafe(ref rights, next), other);
        }

        float total = Vector256.Sum(sum + other);
        for (; index < left.Length; index++)
        {
            total += left[index] * right[index];
        }

        return total;
    }
}
