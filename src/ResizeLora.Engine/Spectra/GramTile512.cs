using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Spectra;

/// <summary>8 × 16 sums in sixteen of thirty-two 512-bit registers. 8 × 24 would use more of them, but ranks are multiples of 16 more often than of 24.</summary>
internal readonly struct GramTile512 : IGramTile
{
    /// <inheritdoc/>
    public static int Rows => 8;

    /// <inheritdoc/>
    public static int Columns => 2 * Vector512<double>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ref double left, ref double right, int length, Span<double> sums, int stride)
    {
        Vector512<double> sum00 = default,
            sum01 = default;
        Vector512<double> sum10 = default,
            sum11 = default;
        Vector512<double> sum20 = default,
            sum21 = default;
        Vector512<double> sum30 = default,
            sum31 = default;
        Vector512<double> sum40 = default,
            sum41 = default;
        Vector512<double> sum50 = default,
            sum51 = default;
        Vector512<double> sum60 = default,
            sum61 = default;
        Vector512<double> sum70 = default,
            sum71 = default;
        for (int index = 0; index < length; index++)
        {
            Vector512<double> right0 = Vector512.LoadUnsafe(ref right);
            Vector512<double> right1 = Vector512.LoadUnsafe(ref right, (nuint)Vector512<double>.Count);
            Vector512<double> factor = Vector512.Create(left);
            sum00 = VectorMath.MultiplyAdd(factor, right0, sum00);
            sum01 = VectorMath.MultiplyAdd(factor, right1, sum01);
            factor = Vector512.Create(Unsafe.Add(ref left, 1));
            sum10 = VectorMath.MultiplyAdd(factor, right0, sum10);
            sum11 = VectorMath.MultiplyAdd(factor, right1, sum11);
            factor = Vector512.Create(Unsafe.Add(ref left, 2));
            sum20 = VectorMath.MultiplyAdd(factor, right0, sum20);
            sum21 = VectorMath.MultiplyAdd(factor, right1, sum21);
            factor = Vector512.Create(Unsafe.Add(ref left, 3));
            sum30 = VectorMath.MultiplyAdd(factor, right0, sum30);
            sum31 = VectorMath.MultiplyAdd(factor, right1, sum31);
            factor = Vector512.Create(Unsafe.Add(ref left, 4));
            sum40 = VectorMath.MultiplyAdd(factor, right0, sum40);
            sum41 = VectorMath.MultiplyAdd(factor, right1, sum41);
            factor = Vector512.Create(Unsafe.Add(ref left, 5));
            sum50 = VectorMath.MultiplyAdd(factor, right0, sum50);
            sum51 = VectorMath.MultiplyAdd(factor, right1, sum51);
            factor = Vector512.Create(Unsafe.Add(ref left, 6));
            sum60 = VectorMath.MultiplyAdd(factor, right0, sum60);
            sum61 = VectorMath.MultiplyAdd(factor, right1, sum61);
            factor = Vector512.Create(Unsafe.Add(ref left, 7));
            sum70 = VectorMath.MultiplyAdd(factor, right0, sum70);
            sum71 = VectorMath.MultiplyAdd(factor, right1, sum71);
            left = ref Unsafe.Add(ref left, Columns);
            right = ref Unsafe.Add(ref right, Columns);
        }

        AddRow(sums, sum00, sum01);
        AddRow(sums[stride..], sum10, sum11);
        AddRow(sums[(2 * stride)..], sum20, sum21);
        AddRow(sums[(3 * stride)..], sum30, sum31);
        AddRow(sums[(4 * stride)..], sum40, sum41);
        AddRow(sums[(5 * stride)..], sum50, sum51);
        AddRow(sums[(6 * stride)..], sum60, sum61);
        AddRow(sums[(7 * stride)..], sum70, sum71);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(Span<double> sums, Vector512<double> first, Vector512<double> second)
    {
        (Vector512.Create<double>(sums) + first).CopyTo(sums);
        Span<double> rest = sums[Vector512<double>.Count..];
        (Vector512.Create<double>(rest) + second).CopyTo(rest);
    }
}
