using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The stored rows of a weight, with the powers of two that keep the squares of what is decoded within a single's range.
/// </summary>
/// <typeparam name="TDecoder">How the rows are stored.</typeparam>
internal sealed class WeightRows<TDecoder> : IWeightRows
    where TDecoder : struct, IRowDecoder
{
    // With the largest weight in this range, the square of σ² over up to 2³⁰ weights stays within a single's: 2^−64 to 2^120.
    private const double SmallestOrdinary = 1.0 / (1 << 16);
    private const double LargestOrdinary = 1 << 12;

    // A power of two that a decoded weight and what it is multiplied by can take each without leaving a single's range.
    private const int LowestFirstExponent = -64;
    private const int HighestFirstExponent = 80;

    // The powers of two that are normal singles.
    private const int LowestExponent = -126;
    private const int HighestExponent = 127;

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
    /// <param name="isOrdinary">
    /// Whether all are known to be zero or of ordinary size, none of them subnormal or infinite; found out where it is not known.
    /// </param>
    public WeightRows(Memory<byte> bytes, int rows, int columns, bool isOrdinary = false)
    {
        this.bytes = bytes;
        this.rows = rows;
        this.columns = columns;
        vectorised = columns - (columns % IRowDecoder.Width);
        rowLength = (vectorised / IRowDecoder.Width * TDecoder.VectorByteLength) + ((columns - vectorised) * TDecoder.ByteLength);
        isLifted = TDecoder.LiftExponent != 0 && !isOrdinary;
        SetScales();
        SquaredNorm = SumSquares(lifting: isLifted);
        if (!isOrdinary && !IsOrdinary(SquaredNorm))
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
        for (int row = 0; row < rows; row += RowKernels<TDecoder>.RowsAtOnce)
        {
            // In a last block of fewer rows the last one stands for those that are missing, and counts for nothing.
            int last = rows - 1;
            ref byte row0 = ref RowAt(row);
            ref byte row1 = ref RowAt(Math.Min(row + 1, last));
            ref byte row2 = ref RowAt(Math.Min(row + 2, last));
            ref byte row3 = ref RowAt(Math.Min(row + 3, last));
            Vector128<float> dots = RowKernels<TDecoder>.Dot(ref row0, ref row1, ref row2, ref row3, operands);
            dots = dots * Vector128.Create(secondScale) * Vector128.Create(firstScale);
            Vector128<int> places = Vector128.Create(row, row + 1, row + 2, row + 3);
            Vector128<float> present = Vector128.LessThan(places, Vector128.Create(rows)).AsSingle();
            Vector128<float> factors = Vector128.ConditionalSelect(present, dots, Vector128<float>.Zero);
            RowKernels<TDecoder>.AddScaled(ref row0, ref row1, ref row2, ref row3, factors, rowLength, sums);
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

    // ‖V‖F²; of no meaning where a weight is not ordinary. One power of two brings the weights to their size in V, or within a few binary
    // places of it, so that the squares of those that count are within a single's range.
    private double SumSquares(bool lifting)
    {
        int exponent = ScaleExponent - Exponent;
        int taken = Math.Clamp(exponent, LowestExponent, HighestExponent);
        float scale = MathF.ScaleB(1, taken);
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

            sum += RowKernels<TDecoder>.SumSquares(ref RowAt(row), columns, scale);
        }

        return Math.ScaleB(sum, 2 * (exponent - taken));
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
}
