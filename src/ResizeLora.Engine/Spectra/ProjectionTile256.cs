using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Spectra;

/// <summary>6 × 16 sums in twelve of sixteen 256-bit registers.</summary>
internal readonly struct ProjectionTile256 : IProjectionTile
{
    /// <inheritdoc/>
    public static int Rows => 6;

    /// <inheritdoc/>
    public static int Columns => 2 * Vector256<float>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ReadOnlySpan<float> weights, ReadOnlySpan<float> vectors, int length, Span<float> sums)
    {
        ref float weight = ref MemoryMarshal.GetReference(weights);
        ref float vector = ref MemoryMarshal.GetReference(vectors);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        Vector256<float> left0 = Load(ref sum, 0),
            right0 = Load(ref sum, 1);
        Vector256<float> left1 = Load(ref sum, 2),
            right1 = Load(ref sum, 3);
        Vector256<float> left2 = Load(ref sum, 4),
            right2 = Load(ref sum, 5);
        Vector256<float> left3 = Load(ref sum, 6),
            right3 = Load(ref sum, 7);
        Vector256<float> left4 = Load(ref sum, 8),
            right4 = Load(ref sum, 9);
        Vector256<float> left5 = Load(ref sum, 10),
            right5 = Load(ref sum, 11);
        for (int index = 0; index < length; index++)
        {
            Vector256<float> left = Vector256.LoadUnsafe(ref vector);
            Vector256<float> right = Vector256.LoadUnsafe(ref vector, (nuint)Vector256<float>.Count);
            vector = ref Unsafe.Add(ref vector, Columns);
            Vector256<float> factor = Vector256.Create(Unsafe.Add(ref weight, 0 * IProjectionTile.Stride));
            left0 = VectorMath.MultiplyAdd(factor, left, left0);
            right0 = VectorMath.MultiplyAdd(factor, right, right0);
            factor = Vector256.Create(Unsafe.Add(ref weight, 1 * IProjectionTile.Stride));
            left1 = VectorMath.MultiplyAdd(factor, left, left1);
            right1 = VectorMath.MultiplyAdd(factor, right, right1);
            factor = Vector256.Create(Unsafe.Add(ref weight, 2 * IProjectionTile.Stride));
            left2 = VectorMath.MultiplyAdd(factor, left, left2);
            right2 = VectorMath.MultiplyAdd(factor, right, right2);
            factor = Vector256.Create(Unsafe.Add(ref weight, 3 * IProjectionTile.Stride));
            left3 = VectorMath.MultiplyAdd(factor, left, left3);
            right3 = VectorMath.MultiplyAdd(factor, right, right3);
            factor = Vector256.Create(Unsafe.Add(ref weight, 4 * IProjectionTile.Stride));
            left4 = VectorMath.MultiplyAdd(factor, left, left4);
            right4 = VectorMath.MultiplyAdd(factor, right, right4);
            factor = Vector256.Create(Unsafe.Add(ref weight, 5 * IProjectionTile.Stride));
            left5 = VectorMath.MultiplyAdd(factor, left, left5);
            right5 = VectorMath.MultiplyAdd(factor, right, right5);
            weight = ref Unsafe.Add(ref weight, 1);
        }

        left0.StoreUnsafe(ref sum, 0 * (nuint)Vector256<float>.Count);
        right0.StoreUnsafe(ref sum, 1 * (nuint)Vector256<float>.Count);
        left1.StoreUnsafe(ref sum, 2 * (nuint)Vector256<float>.Count);
        right1.StoreUnsafe(ref sum, 3 * (nuint)Vector256<float>.Count);
        left2.StoreUnsafe(ref sum, 4 * (nuint)Vector256<float>.Count);
        right2.StoreUnsafe(ref sum, 5 * (nuint)Vector256<float>.Count);
        left3.StoreUnsafe(ref sum, 6 * (nuint)Vector256<float>.Count);
        right3.StoreUnsafe(ref sum, 7 * (nuint)Vector256<float>.Count);
        left4.StoreUnsafe(ref sum, 8 * (nuint)Vector256<float>.Count);
        right4.StoreUnsafe(ref sum, 9 * (nuint)Vector256<float>.Count);
        left5.StoreUnsafe(ref sum, 10 * (nuint)Vector256<float>.Count);
        right5.StoreUnsafe(ref sum, 11 * (nuint)Vector256<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(ref float sums, nuint place) =>
        Vector256.LoadUnsafe(ref sums, place * (nuint)Vector256<float>.Count);
}
