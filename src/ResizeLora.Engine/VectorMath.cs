using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResizeLora;

/// <summary>The vector operations that inner loops repeat.</summary>
/// <remarks>
/// Whether a product and a sum are rounded once or twice depends on the processor, never on the width of the registers, so that on
/// one processor the loops of every width give the same bits. <see cref="Dot"/> alone adds in an order that depends on the width.
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
            sum += TensorPrimitives.Dot(left.Slice(start, length), right.Slice(start, length));
        }

        return (float)sum;
    }
}
