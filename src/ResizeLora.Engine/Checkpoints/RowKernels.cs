using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The sums over a few stored rows. They are decoded in registers each time that they are used: cheaper than writing decoded ones
/// anywhere, even into the nearest cache.
/// </summary>
/// <typeparam name="TDecoder">How the rows are stored.</typeparam>
internal static class RowKernels<TDecoder>
    where TDecoder : struct, IRowDecoder
{
    /// <summary>How many rows are worked on together.</summary>
    public const int RowsAtOnce = 4;

    private const int CacheLine = 64;

    /// <summary>Sums the squares of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="columns">How many weights it has.</param>
    /// <param name="factor">What each is multiplied by first.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SumSquares(ref byte row, int columns, float factor)
    {
        int vectorised = columns - (columns % IRowDecoder.Width);
        Vector256<float> scale = Vector256.Create(factor);
        Vector256<float> even = default,
            odd = default,
            otherEven = default,
            otherOdd = default;
        nuint offset = 0;
        nuint step = (nuint)TDecoder.VectorByteLength;
        int column = 0;
        for (; column <= vectorised - (2 * IRowDecoder.Width); column += 2 * IRowDecoder.Width, offset += 2 * step)
        {
            (Vector256<float> first, Vector256<float> second) = TDecoder.Load(ref row, offset);
            (Vector256<float> third, Vector256<float> fourth) = TDecoder.Load(ref row, offset + step);
            first *= scale;
            second *= scale;
            third *= scale;
            fourth *= scale;
            even = VectorMath.MultiplyAdd(first, first, even);
            odd = VectorMath.MultiplyAdd(second, second, odd);
            otherEven = VectorMath.MultiplyAdd(third, third, otherEven);
            otherOdd = VectorMath.MultiplyAdd(fourth, fourth, otherOdd);
        }

        if (column < vectorised)
        {
            (Vector256<float> first, Vector256<float> second) = TDecoder.Load(ref row, offset);
            first *= scale;
            second *= scale;
            even = VectorMath.MultiplyAdd(first, first, even);
            odd = VectorMath.MultiplyAdd(second, second, odd);
            column += IRowDecoder.Width;
            offset += step;
        }

        float sum = Vector256.Sum(even + odd + (otherEven + otherOdd));
        for (; column < columns; column++, offset += (nuint)TDecoder.ByteLength)
        {
            float value = TDecoder.LoadOne(ref row, offset) * factor;
            sum += value * value;
        }

        return sum;
    }

    /// <summary>The products of four rows with a vector.</summary>
    /// <param name="row0">The first row.</param>
    /// <param name="row1">The second one.</param>
    /// <param name="row2">The third one.</param>
    /// <param name="row3">The fourth one.</param>
    /// <param name="vector">As many numbers as a row has weights, in the decoder's order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Dot(ref byte row0, ref byte row1, ref byte row2, ref byte row3, ReadOnlySpan<float> vector)
    {
        int columns = vector.Length;
        int vectorised = columns - (columns % IRowDecoder.Width);
        ref float operands = ref MemoryMarshal.GetReference(vector);
        Vector256<float> even0 = default,
            even1 = default,
            even2 = default,
            even3 = default;
        Vector256<float> odd0 = default,
            odd1 = default,
            odd2 = default,
            odd3 = default;
        nuint offset = 0;
        int column = 0;
        for (; column < vectorised; column += IRowDecoder.Width, offset += (nuint)TDecoder.VectorByteLength)
        {
            Vector256<float> left = Vector256.LoadUnsafe(ref operands, (nuint)column);
            Vector256<float> right = Vector256.LoadUnsafe(ref operands, (nuint)(column + Vector256<float>.Count));
            (Vector256<float> first, Vector256<float> second) = TDecoder.Load(ref row0, offset);
            even0 = VectorMath.MultiplyAdd(left, first, even0);
            odd0 = VectorMath.MultiplyAdd(right, second, odd0);
            (first, second) = TDecoder.Load(ref row1, offset);
            even1 = VectorMath.MultiplyAdd(left, first, even1);
            odd1 = VectorMath.MultiplyAdd(right, second, odd1);
            (first, second) = TDecoder.Load(ref row2, offset);
            even2 = VectorMath.MultiplyAdd(left, first, even2);
            odd2 = VectorMath.MultiplyAdd(right, second, odd2);
            (first, second) = TDecoder.Load(ref row3, offset);
            even3 = VectorMath.MultiplyAdd(left, first, even3);
            odd3 = VectorMath.MultiplyAdd(right, second, odd3);
        }

        Vector128<float> dots = Vector128.Create(
            Vector256.Sum(even0 + odd0),
            Vector256.Sum(even1 + odd1),
            Vector256.Sum(even2 + odd2),
            Vector256.Sum(even3 + odd3)
        );
        for (; column < columns; column++, offset += (nuint)TDecoder.ByteLength)
        {
            dots += Column(ref row0, ref row1, ref row2, ref row3, offset) * Vector128.Create(Unsafe.Add(ref operands, column));
        }

        return dots;
    }

    /// <summary>Adds four rows, each times a factor; asks for the four that follow them.</summary>
    /// <param name="row0">The first row.</param>
    /// <param name="row1">The second one.</param>
    /// <param name="row2">The third one.</param>
    /// <param name="row3">The fourth one.</param>
    /// <param name="factors">The four factors.</param>
    /// <param name="rowLength">The bytes from one row to the next.</param>
    /// <param name="product">What they are added to, in the decoder's order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(
        ref byte row0,
        ref byte row1,
        ref byte row2,
        ref byte row3,
        Vector128<float> factors,
        int rowLength,
        Span<float> product
    )
    {
        int columns = product.Length;
        int vectorised = columns - (columns % IRowDecoder.Width);
        ref float sums = ref MemoryMarshal.GetReference(product);
        Vector256<float> factor0 = Vector256.Create(factors[0]),
            factor1 = Vector256.Create(factors[1]);
        Vector256<float> factor2 = Vector256.Create(factors[2]),
            factor3 = Vector256.Create(factors[3]);
        nuint offset = 0;
        nuint next = (nuint)(RowsAtOnce * rowLength);
        int column = 0;
        for (; column < vectorised; column += IRowDecoder.Width, offset += (nuint)TDecoder.VectorByteLength)
        {
            Vector256<float> even = Vector256.LoadUnsafe(ref sums, (nuint)column);
            Vector256<float> odd = Vector256.LoadUnsafe(ref sums, (nuint)(column + Vector256<float>.Count));
            (Vector256<float> first, Vector256<float> second) = TDecoder.Load(ref row0, offset);
            even = VectorMath.MultiplyAdd(factor0, first, even);
            odd = VectorMath.MultiplyAdd(factor0, second, odd);
            (first, second) = TDecoder.Load(ref row1, offset);
            even = VectorMath.MultiplyAdd(factor1, first, even);
            odd = VectorMath.MultiplyAdd(factor1, second, odd);
            (first, second) = TDecoder.Load(ref row2, offset);
            even = VectorMath.MultiplyAdd(factor2, first, even);
            odd = VectorMath.MultiplyAdd(factor2, second, odd);
            (first, second) = TDecoder.Load(ref row3, offset);
            even = VectorMath.MultiplyAdd(factor3, first, even);
            odd = VectorMath.MultiplyAdd(factor3, second, odd);
            VectorMath.Prefetch(ref row0, next);
            VectorMath.Prefetch(ref row0, next + CacheLine);
            next += (nuint)(RowsAtOnce * TDecoder.VectorByteLength);
            even.StoreUnsafe(ref sums, (nuint)column);
            odd.StoreUnsafe(ref sums, (nuint)(column + Vector256<float>.Count));
        }

        for (; column < columns; column++, offset += (nuint)TDecoder.ByteLength)
        {
            Unsafe.Add(ref sums, column) += Vector128.Dot(Column(ref row0, ref row1, ref row2, ref row3, offset), factors);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Column(ref byte row0, ref byte row1, ref byte row2, ref byte row3, nuint offset) =>
        Vector128.Create(
            TDecoder.LoadOne(ref row0, offset),
            TDecoder.LoadOne(ref row1, offset),
            TDecoder.LoadOne(ref row2, offset),
            TDecoder.LoadOne(ref row3, offset)
        );
}
