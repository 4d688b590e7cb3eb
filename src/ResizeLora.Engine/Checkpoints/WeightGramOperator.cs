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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (float First, float Second, float Third, float Fourth) Dot(ReadOnlySpan<float> block, ReadOnlySpan<float> vector)
    {
        ReadOnlySpan<float> row0 = block[..Size];
        ReadOnlySpan<float> row1 = block.Slice(Size, Size);
        ReadOnlySpan<float> row2 = block.Slice(2 * Size, Size);
        ReadOnlySpan<float> row3 = block.Slice(3 * Size, Size);
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int index = 0;
        for (; index <= Size - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            Vector256<float> operand = Vector256.Create(vector[index..]);
            sum0 = VectorMath.MultiplyAdd(operand, Vector256.Create(row0[index..]), sum0);
            sum1 = VectorMath.MultiplyAdd(operand, Vector256.Create(row1[index..]), sum1);
            sum2 = VectorMath.MultiplyAdd(operand, Vector256.Create(row2[index..]), sum2);
            sum3 = VectorMath.MultiplyAdd(operand, Vector256.Create(row3[index..]), sum3);
        }

        float first = Vector256.Sum(sum0), second = Vector256.Sum(sum1), third = Vector256.Sum(sum2), fourth = Vector256.Sum(sum3);
        for (; index < Size; index++)
        {
            first += vector[index] * row0[index];
            second += vector[index] * row1[index];
            third += vector[index] * row2[index];
            fourth += vector[index] * row3[index];
        }

        return (first, second, third, fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddScaled(ReadOnlySpan<float> block, float first, float second, float third, float fourth, Span<float> product)
    {
        ReadOnlySpan<float> row0 = block[..Size];
        ReadOnlySpan<float> row1 = block.Slice(Size, Size);
        ReadOnlySpan<float> row2 = block.Slice(2 * Size, Size);
        ReadOnlySpan<float> row3 = block.Slice(3 * Size, Size);
        int index = 0;
        Vector256<float> factor0 = Vector256.Create(first), factor1 = Vector256.Create(second), factor2 = Vector256.Create(third), factor3 = Vector256.Create(fourth);
        for (; index <= Size - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            Vector256<float> sum = Vector256.Create<float>(product[index..]);
            sum = VectorMath.MultiplyAdd(factor0, Vector256.Create(row0[index..]), sum);
            sum = VectorMath.MultiplyAdd(factor1, Vector256.Create(row1[index..]), sum);
            sum = VectorMath.MultiplyAdd(factor2, Vector256.Create(row2[index..]), sum);
            sum = VectorMath.MultiplyAdd(factor3, Vector256.Create(row3[index..]), sum);
            sum.CopyTo(product[index..]);
        }

        for (; index < Size; index++)
        {
            product[index] += (row0[index] * first) + (row1[index] * second) + (row2[index] * third) + (row3[index] * fourth);
        }
    }
}
