using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Spectra;

/// <summary>
/// 12 × 32 sums in twenty-four of thirty-two 512-bit registers: fewer loads for each product than the smaller tile needs.
/// </summary>
internal readonly struct ProjectionTile512 : IProjectionTile
{
    /// <inheritdoc/>
    public static int Rows => 12;

    /// <inheritdoc/>
    public static int Columns => 2 * Vector512<float>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ReadOnlySpan<float> weights, ReadOnlySpan<float> vectors, int length, Span<float> sums)
    {
        ref float weight = ref MemoryMarshal.GetReference(weights);
        ref float vector = ref MemoryMarshal.GetReference(vectors);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        Vector512<float> left0 = Load(ref sum, 0),
            right0 = Load(ref sum, 1);
        Vector512<float> left1 = Load(ref sum, 2),
            right1 = Load(ref sum, 3);
        Vector512<float> left2 = Load(ref sum, 4),
            right2 = Load(ref sum, 5);
        Vector512<float> left3 = Load(ref sum, 6),
            right3 = Load(ref sum, 7);
        Vector512<float> left4 = Load(ref sum, 8),
            right4 = Load(ref sum, 9);
        Vector512<float> left5 = Load(ref sum, 10),
            right5 = Load(ref sum, 11);
        Vector512<float> left6 = Load(ref sum, 12),
            right6 = Load(ref sum, 13);
        Vector512<float> left7 = Load(ref sum, 14),
            right7 = Load(ref sum, 15);
        Vector512<float> left8 = Load(ref sum, 16),
            right8 = Load(ref sum, 17);
        Vector512<float> left9 = Load(ref sum, 18),
            right9 = Load(ref sum, 19);
        Vector512<float> left10 = Load(ref sum, 20),
            right10 = Load(ref sum, 21);
        Vector512<float> left11 = Load(ref sum, 22),
            right11 = Load(ref sum, 23);
        for (int index = 0; index < length; index++)
        {
            Vector512<float> left = Vector512.LoadUnsafe(ref vector);
            Vector512<float> right = Vector512.LoadUnsafe(ref vector, (nuint)Vector512<float>.Count);
            vector = ref Unsafe.Add(ref vector, Columns);
            Vector512<float> factor = Vector512.Create(Unsafe.Add(ref weight, 0 * IProjectionTile.Stride));
            left0 = VectorMath.MultiplyAdd(factor, left, left0);
            right0 = VectorMath.MultiplyAdd(factor, right, right0);
            factor = Vector512.Create(Unsafe.Add(ref weight, 1 * IProjectionTile.Stride));
            left1 = VectorMath.MultiplyAdd(factor, left, left1);
            right1 = VectorMath.MultiplyAdd(factor, right, right1);
            factor = Vector512.Create(Unsafe.Add(ref weight, 2 * IProjectionTile.Stride));
            left2 = VectorMath.MultiplyAdd(factor, left, left2);
            right2 = VectorMath.MultiplyAdd(factor, right, right2);
            factor = Vector512.Create(Unsafe.Add(ref weight, 3 * IProjectionTile.Stride));
            left3 = VectorMath.MultiplyAdd(factor, left, left3);
            right3 = VectorMath.MultiplyAdd(factor, right, right3);
            factor = Vector512.Create(Unsafe.Add(ref weight, 4 * IProjectionTile.Stride));
            left4 = VectorMath.MultiplyAdd(factor, left, left4);
            right4 = VectorMath.MultiplyAdd(factor, right, right4);
            factor = Vector512.Create(Unsafe.Add(ref weight, 5 * IProjectionTile.Stride));
            left5 = VectorMath.MultiplyAdd(factor, left, left5);
            right5 = VectorMath.MultiplyAdd(factor, right, right5);
            factor = Vector512.Create(Unsafe.Add(ref weight, 6 * IProjectionTile.Stride));
            left6 = VectorMath.MultiplyAdd(factor, left, left6);
            right6 = VectorMath.MultiplyAdd(factor, right, right6);
            factor = Vector512.Create(Unsafe.Add(ref weight, 7 * IProjectionTile.Stride));
            left7 = VectorMath.MultiplyAdd(factor, left, left7);
            right7 = VectorMath.MultiplyAdd(factor, right, right7);
            factor = Vector512.Create(Unsafe.Add(ref weight, 8 * IProjectionTile.Stride));
            left8 = VectorMath.MultiplyAdd(factor, left, left8);
            right8 = VectorMath.MultiplyAdd(factor, right, right8);
            factor = Vector512.Create(Unsafe.Add(ref weight, 9 * IProjectionTile.Stride));
            left9 = VectorMath.MultiplyAdd(factor, left, left9);
            right9 = VectorMath.MultiplyAdd(factor, right, right9);
            factor = Vector512.Create(Unsafe.Add(ref weight, 10 * IProjectionTile.Stride));
            left10 = VectorMath.MultiplyAdd(factor, left, left10);
            right10 = VectorMath.MultiplyAdd(factor, right, right10);
            factor = Vector512.Create(Unsafe.Add(ref weight, 11 * IProjectionTile.Stride));
            left11 = VectorMath.MultiplyAdd(factor, left, left11);
            right11 = VectorMath.MultiplyAdd(factor, right, right11);
            weight = ref Unsafe.Add(ref weight, 1);
        }

        left0.StoreUnsafe(ref sum, 0 * (nuint)Vector512<float>.Count);
        right0.StoreUnsafe(ref sum, 1 * (nuint)Vector512<float>.Count);
        left1.StoreUnsafe(ref sum, 2 * (nuint)Vector512<float>.Count);
        right1.StoreUnsafe(ref sum, 3 * (nuint)Vector512<float>.Count);
        left2.StoreUnsafe(ref sum, 4 * (nuint)Vector512<float>.Count);
        right2.StoreUnsafe(ref sum, 5 * (nuint)Vector512<float>.Count);
        left3.StoreUnsafe(ref sum, 6 * (nuint)Vector512<float>.Count);
        right3.StoreUnsafe(ref sum, 7 * (nuint)Vector512<float>.Count);
        left4.StoreUnsafe(ref sum, 8 * (nuint)Vector512<float>.Count);
        right4.StoreUnsafe(ref sum, 9 * (nuint)Vector512<float>.Count);
        left5.StoreUnsafe(ref sum, 10 * (nuint)Vector512<float>.Count);
        right5.StoreUnsafe(ref sum, 11 * (nuint)Vector512<float>.Count);
        left6.StoreUnsafe(ref sum, 12 * (nuint)Vector512<float>.Count);
        right6.StoreUnsafe(ref sum, 13 * (nuint)Vector512<float>.Count);
        left7.StoreUnsafe(ref sum, 14 * (nuint)Vector512<float>.Count);
        right7.StoreUnsafe(ref sum, 15 * (nuint)Vector512<float>.Count);
        left8.StoreUnsafe(ref sum, 16 * (nuint)Vector512<float>.Count);
        right8.StoreUnsafe(ref sum, 17 * (nuint)Vector512<float>.Count);
        left9.StoreUnsafe(ref sum, 18 * (nuint)Vector512<float>.Count);
        right9.StoreUnsafe(ref sum, 19 * (nuint)Vector512<float>.Count);
        left10.StoreUnsafe(ref sum, 20 * (nuint)Vector512<float>.Count);
        right10.StoreUnsafe(ref sum, 21 * (nuint)Vector512<float>.Count);
        left11.StoreUnsafe(ref sum, 22 * (nuint)Vector512<float>.Count);
        right11.StoreUnsafe(ref sum, 23 * (nuint)Vector512<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(ref float sums, nuint place) =>
        Vector512.LoadUnsafe(ref sums, place * (nuint)Vector512<float>.Count);
}
