using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The sums over the stored rows of a weight. The rows are decoded in registers each time that they are used, four at a time:
/// cheaper than writing decoded ones anywhere, even into the nearest cache.
/// </summary>
/// <typeparam name="TDecoder">How the rows are stored.</typeparam>
internal sealed class WeightRows<TDecoder> : IWeightRows
    where TDecoder : struct, IRowDecoder
{
    private const int RowsAtOnce = 4;
    private const int CacheLine = 64;

    // With the largest weight in this range, the square of σ² over up to 2³⁰ weights stays within a single's: 2^−64 to 2^120.
    private const double SmallestOrdinary = 1.0 / (1 << 16);
    private const double LargestOrdinary = 1 << 12;

    // A power of two that a decoded weight and what it is multiplied by can take each without leaving a single's range.
    private const int LowestFirstExponent = -64;
    private const int HighestFirstExponent = 80;

    private readonly Memory<byte> bytes;
    private readonly int rows;
    private readonly int columns;
    private readonly int rowLength;
    private readonly int vectorised;

    // A decoded weight times both is an element of V. One factor alone may be outside of a single's range.
    private float firstScale;
    private float secondScale;
    private bool isLifted;

    /// <summary>Wraps rows.</summary>
    /// <param name="bytes">The rows, n × m weights; they may be written anew.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    public WeightRows(Memory<byte> bytes, int rows, int columns)
    {
        this.bytes = bytes;
        this.rows = rows;
        this.columns = columns;
        vectorised = columns - (columns % IRowDecoder.Width);
        rowLength = (vectorised / IRowDecoder.Width * TDecoder.VectorByteLength) + ((columns - vectorised) * TDecoder.ByteLength);
        isLifted = TDecoder.LiftExponent != 0;
        SetScales();
        SquaredNorm = SumSquares(lifting: isLifted);
        if (!IsOrdinary(SquaredNorm))
        {
            double largest = FindLargest();
            if (largest is (> 0 and < SmallestOrdinary) or (> LargestOrdinary and < double.PositiveInfinity))
            {
                Exponent = Math.ILogB(largest) + 1;
                SetScales();
                SquaredNorm = SumSquares(lifting: false);
            }
            else if (!double.IsFinite(largest))
            {
                SquaredNorm = double.NaN;
            }
        }
    }

    /// <inheritdoc/>
    public int Exponent { get; }

    /// <inheritdoc/>
    public double SquaredNorm { get; }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> vector, Span<float> product, Span<float> scratch)
    {
        Span<float> operands = scratch[..columns];
        Span<float> sums = scratch.Slice(columns, columns);
        Arrange(vector, operands, firstScale);
        sums.Clear();
        for (int row = 0; row < rows; row += RowsAtOnce)
        {
            // In a last block of fewer rows the last one stands for those that are missing, and counts for nothing.
            int last = rows - 1;
            ref byte row0 = ref RowAt(row);
            ref byte row1 = ref RowAt(Math.Min(row + 1, last));
            ref byte row2 = ref RowAt(Math.Min(row + 2, last));
            ref byte row3 = ref RowAt(Math.Min(row + 3, last));
            Vector128<float> dots = Dot(ref row0, ref row1, ref row2, ref row3, operands);
            dots = dots * Vector128.Create(secondScale) * Vector128.Create(firstScale);
            Vector128<int> places = Vector128.Create(row, row + 1, row + 2, row + 3);
            Vector128<float> present = Vector128.LessThan(places, Vector128.Create(rows)).AsSingle();
            Vector128<float> factors = Vector128.ConditionalSelect(present, dots, Vector128<float>.Zero);
            AddScaled(ref row0, ref row1, ref row2, ref row3, factors, sums);
        }

        Restore(sums, product, secondScale);
    }

    // What a decoded number is to be multiplied by, as a power of two.
    private int ScaleExponent => Math.ILogB(TDecoder.Scale) - (isLifted ? TDecoder.LiftExponent : 0);

    private void SetScales()
    {
        int exponent = ScaleExponent - Exponent;
        int first = Math.Clamp(exponent, LowestFirstExponent, HighestFirstExponent);
        firstScale = MathF.ScaleB(1, first);
        secondScale = MathF.ScaleB(1, exponent - first);
    }

    // Between these, the largest weight is ordinary too. Infinities and NaN are not, not even as large numbers, as which halves are decoded.
    private bool IsOrdinary(double squaredNorm) =>
        squaredNorm >= SmallestOrdinary * SmallestOrdinary * rows * columns && squaredNorm <= LargestOrdinary * LargestOrdinary;

    // ‖V‖F²; of no meaning where a weight is not ordinary.
    private double SumSquares(bool lifting)
    {
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            if (lifting && !TDecoder.TryLift(bytes.Span.Slice(row * rowLength, rowLength)))
            {
                TDecoder.Lower(bytes.Span[..(row * rowLength)]);
                isLifted = false;
                SetScales();
                return SumSquares(lifting: false);
            }

            sum += SumSquares(ref RowAt(row));
        }

        return sum * secondScale * secondScale;
    }

    // The largest |weight|, or NaN where one is infinite or NaN.
    private double FindLargest()
    {
        Vector256<float> limit = Vector256.Create(TDecoder.Limit);
        Vector256<float> largest = default;
        for (int row = 0; row < rows; row++)
        {
            ref byte first = ref RowAt(row);
            nuint offset = 0;
            int column = 0;
            for (; column < vectorised; column += IRowDecoder.Width, offset += (nuint)TDecoder.VectorByteLength)
            {
                (Vector256<float> left, Vector256<float> right) = TDecoder.Load(ref first, offset);
                if (!Take(left) || !Take(right))
                {
                    return double.NaN;
                }
            }

            for (; column < columns; column++, offset += (nuint)TDecoder.ByteLength)
            {
                if (!Take(Vector256.Create(TDecoder.LoadOne(ref first, offset))))
                {
                    return double.NaN;
                }
            }
        }

        float highest = 0;
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            highest = Math.Max(highest, largest[lane]);
        }

        return Math.ScaleB(highest, ScaleExponent);

        bool Take(Vector256<float> weights)
        {
            Vector256<float> magnitudes = Vector256.Abs(weights);
            largest = Vector256.Max(largest, magnitudes);
            return Vector256.LessThanAll(magnitudes, limit);
        }
    }

    private ref byte RowAt(int row) => ref MemoryMarshal.GetReference(bytes.Span.Slice(row * rowLength, rowLength));

    private void Arrange(ReadOnlySpan<float> source, Span<float> destination, float scale)
    {
        for (int index = 0; index < columns; index++)
        {
            destination[PlaceOf(index)] = source[index] * scale;
        }
    }

    private void Restore(ReadOnlySpan<float> source, Span<float> destination, float scale)
    {
        for (int index = 0; index < columns; index++)
        {
            destination[index] = source[PlaceOf(index)] * scale;
        }
    }

    // Where the decoder puts the weight of a column.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PlaceOf(int column)
    {
        const int Half = IRowDecoder.Width / 2;
        int within = column % IRowDecoder.Width;
        return TDecoder.IsInterleaved && column < vectorised ? column - within + (within / 2) + (within % 2 * Half) : column;
    }

    // Under the first scale alone.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float SumSquares(ref byte row)
    {
        Vector256<float> scale = Vector256.Create(firstScale);
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
            float value = TDecoder.LoadOne(ref row, offset) * firstScale;
            sum += value * value;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector128<float> Dot(ref byte row0, ref byte row1, ref byte row2, ref byte row3, ReadOnlySpan<float> vector)
    {
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddScaled(ref byte row0, ref byte row1, ref byte row2, ref byte row3, Vector128<float> factors, Span<float> product)
    {
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
