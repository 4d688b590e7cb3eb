using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>
/// WᵀW over the bytes of a weight as they lie in the checkpoint. Each application reads the bytes once: a few rows at a time
/// are decoded to single precision into a buffer that stays in the nearest cache, and serve both W·v and Wᵀ·(W·v) there.
/// A 16-bit weight therefore costs half the memory traffic of a decoded copy, which is what bounds this work.
/// </summary>
internal sealed class WeightGramOperator : IGramOperator, IDisposable
{
    private const int RowsAtOnce = 4;

    private readonly TensorType type;
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly int rows;
    private readonly int rowBytes;
    private readonly float[] scratch;

    /// <summary>Wraps a weight.</summary>
    /// <param name="type">Its element type.</param>
    /// <param name="bytes">Its rows, n × m elements.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    public WeightGramOperator(TensorType type, ReadOnlyMemory<byte> bytes, int rows, int columns)
    {
        this.type = type;
        this.bytes = bytes;
        this.rows = rows;
        Size = columns;
        rowBytes = columns * TensorTypes.BytesOf(type);
        scratch = ArrayPool<float>.Shared.Rent(RowsAtOnce * columns);
        SquaredFrobeniusNorm = SumSquares();
    }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public double SquaredFrobeniusNorm { get; }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> vector, Span<float> product)
    {
        product.Clear();
        int row = 0;
        for (; row <= rows - RowsAtOnce; row += RowsAtOnce)
        {
            ReadOnlySpan<float> block = Decode(row, RowsAtOnce);
            (float first, float second, float third, float fourth) = Dot(block, vector);
            AddScaled(block, first, second, third, fourth, product);
        }

        for (; row < rows; row++)
        {
            ReadOnlySpan<float> single = Decode(row, 1);
            float dot = VectorMath.Dot(single, vector);
            VectorMath.AddScaled(product, dot, single);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<float>.Shared.Return(scratch);

    private ReadOnlySpan<float> Decode(int row, int count)
    {
        ReadOnlySpan<byte> source = bytes.Span.Slice(row * rowBytes, count * rowBytes);
        if (type == TensorType.Float32)
        {
            return MemoryMarshal.Cast<byte, float>(source);
        }

        // The sum of squares, taken first, decodes in full and shows what is not finite; nothing is applied to such a weight.
        Span<float> decoded = scratch.AsSpan(0, count * Size);
        if (double.IsFinite(SquaredFrobeniusNorm) && SquaredFrobeniusNorm > 0)
        {
            WeightDecoder.FiniteToSingle(type, source, decoded);
        }
        else
        {
            WeightDecoder.ToSingle(type, source, decoded);
        }

        return decoded;
    }

    private double SumSquares()
    {
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> decoded = Decode(row, 1);
            sum += VectorMath.Dot(decoded, decoded);
        }

        return sum;
    }

    // The inner loops read through references: four rows and two vectors would otherwise be checked at every step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (float First, float Second, float Third, float Fourth) Dot(ReadOnlySpan<float> block, ReadOnlySpan<float> vector)
    {
        ref float row0 = ref MemoryMarshal.GetReference(block);
        ref float row1 = ref Unsafe.Add(ref row0, Size);
        ref float row2 = ref Unsafe.Add(ref row1, Size);
        ref float row3 = ref Unsafe.Add(ref row2, Size);
        ref float operands = ref MemoryMarshal.GetReference(vector);
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        nuint index = 0;
        nuint vectorised = (nuint)(Size - (Size % Vector256<float>.Count));
        for (; index < vectorised; index += (nuint)Vector256<float>.Count)
        {
            Vector256<float> operand = Vector256.LoadUnsafe(ref operands, index);
            sum0 = VectorMath.MultiplyAdd(operand, Vector256.LoadUnsafe(ref row0, index), sum0);
            sum1 = VectorMath.MultiplyAdd(operand, Vector256.LoadUnsafe(ref row1, index), sum1);
            sum2 = VectorMath.MultiplyAdd(operand, Vector256.LoadUnsafe(ref row2, index), sum2);
            sum3 = VectorMath.MultiplyAdd(operand, Vector256.LoadUnsafe(ref row3, index), sum3);
        }

        float first = Vector256.Sum(sum0), second = Vector256.Sum(sum1), third = Vector256.Sum(sum2), fourth = Vector256.Sum(sum3);
        for (; index < (nuint)Size; index++)
        {
            float operand = Unsafe.Add(ref operands, index);
            first += operand * Unsafe.Add(ref row0, index);
            second += operand * Unsafe.Add(ref row1, index);
            third += operand * Unsafe.Add(ref row2, index);
            fourth += operand * Unsafe.Add(ref row3, index);
        }

        return (first, second, third, fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddScaled(ReadOnlySpan<float> block, float first, float second, float third, float fourth, Span<float> product)
    {
        ref float row0 = ref MemoryMarshal.GetReference(block);
        ref float row1 = ref Unsafe.Add(ref row0, Size);
        ref float row2 = ref Unsafe.Add(ref row1, Size);
        ref float row3 = ref Unsafe.Add(ref row2, Size);
        ref float sums = ref MemoryMarshal.GetReference(product);
        Vector256<float> factor0 = Vector256.Create(first), factor1 = Vector256.Create(second), factor2 = Vector256.Create(third), factor3 = Vector256.Create(fourth);
        nuint index = 0;
        nuint vectorised = (nuint)(Size - (Size % Vector256<float>.Count));
        for (; index < vectorised; index += (nuint)Vector256<float>.Count)
        {
            Vector256<float> sum = Vector256.LoadUnsafe(ref sums, index);
            sum = VectorMath.MultiplyAdd(factor0, Vector256.LoadUnsafe(ref row0, index), sum);
            sum = VectorMath.MultiplyAdd(factor1, Vector256.LoadUnsafe(ref row1, index), sum);
            sum = VectorMath.MultiplyAdd(factor2, Vector256.LoadUnsafe(ref row2, index), sum);
            sum = VectorMath.MultiplyAdd(factor3, Vector256.LoadUnsafe(ref row3, index), sum);
            sum.StoreUnsafe(ref sums, index);
        }

        for (; index < (nuint)Size; index++)
        {
            Unsafe.Add(ref sums, index) += (first * Unsafe.Add(ref row0, index)) + (second * Unsafe.Add(ref row1, index))
                + (third * Unsafe.Add(ref row2, index)) + (fourth * Unsafe.Add(ref row3, index));
        }
    }
}
