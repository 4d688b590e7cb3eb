using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Spectra;

/// <summary>4 × 12 sums in twelve of sixteen 256-bit registers.</summary>
internal readonly struct GramTile256 : IGramTile
{
    /// <inheritdoc/>
    public static int Rows => 4;

    /// <inheritdoc/>
    public static int Columns => 3 * Vector256<double>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ref double left, ref double right, int length, Span<double> sums, int stride)
    {
        Vector256<double> sum00 = default,
            sum01 = default,
            sum02 = default;
        Vector256<double> sum10 = default,
            sum11 = default,
            sum12 = default;
        Vector256<double> sum20 = default,
            sum21 = default,
            sum22 = default;
        Vector256<double> sum30 = default,
            sum31 = default,
            sum32 = default;
        for (int index = 0; index < length; index++)
        {
            Vector256<double> right0 = Vector256.LoadUnsafe(ref right);
            Vector256<double> right1 = Vector256.LoadUnsafe(ref right, (nuint)Vector256<double>.Count);
            Vector256<double> right2 = Vector256.LoadUnsafe(ref right, 2 * (nuint)Vector256<double>.Count);
            Vector256<double> factor = Vector256.Create(left);
            sum00 = VectorMath.MultiplyAdd(factor, right0, sum00);
            sum01 = VectorMath.MultiplyAdd(factor, right1, sum01);
            sum02 = VectorMath.MultiplyAdd(factor, right2, sum02);
            factor = Vector256.Create(Unsafe.Add(ref left, 1));
            sum10 = VectorMath.MultiplyAdd(factor, right0, sum10);
            sum11 = VectorMath.MultiplyAdd(factor, right1, sum11);
            sum12 = VectorMath.MultiplyAdd(factor, right2, sum12);
            factor = Vector256.Create(Unsafe.Add(ref left, 2));
            sum20 = VectorMath.MultiplyAdd(factor, right0, sum20);
            sum21 = VectorMath.MultiplyAdd(factor, right1, sum21);
            sum22 = VectorMath.MultiplyAdd(factor, right2, sum22);
            factor = Vector256.Create(Unsafe.Add(ref left, 3));
            sum30 = VectorMath.MultiplyAdd(factor, right0, sum30);
            sum31 = VectorMath.MultiplyAdd(factor, right1, sum31);
            sum32 = VectorMath.MultiplyAdd(factor, right2, sum32);
            left = ref Unsafe.Add(ref left, Columns);
            right = ref Unsafe.Add(ref right, Columns);
        }

        AddRow(sums, sum00, sum01, sum02);
        AddRow(sums[stride..], sum10, sum11, sum12);
        AddRow(sums[(2 * stride)..], sum20, sum21, sum22);
        AddRow(sums[(3 * stride)..], sum30, sum31, sum32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(Span<double> sums, Vector256<double> first, Vector256<double> second, Vector256<double> third)
    {
        (Vector256.Create<double>(sums) + first).CopyTo(sums);
        Span<double> middle = sums[Vector256<double>.Count..];
        (Vector256.Create<double>(middle) + second).CopyTo(middle);
        Span<double> last = middle[Vector256<double>.Count..];
        (Vector256.Create<double>(last) + third).CopyTo(last);
    }
}
