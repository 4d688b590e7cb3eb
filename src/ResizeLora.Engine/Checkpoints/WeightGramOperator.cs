using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
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

        Span<float> decoded = scratch.AsSpan(0, count * Size);
        WeightDecoder.ToSingle(type, source, decoded);
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

    private (float First, float Second, float Third, float Fourth) Dot(ReadOnlySpan<float> block, ReadOnlySpan<float> vector)
    {
        ReadOnlySpan<float> row0 = block[..Size];
        ReadOnlySpan<float> row1 = block.Slice(Size, Size);
        ReadOnlySpan<float> row2 = block.Slice(2 * Size, Size);
        ReadOnlySpan<float> row3 = block.Slice(3 * Size, Size);
        Vector<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int index = 0;
        for (; index <= Size - Vector<float>.Count; index += Vector<float>.Count)
        {
            var operand = new Vector<float>(vector[index..]);
            sum0 += operand * new Vector<float>(row0[index..]);
            sum1 += operand * new Vector<float>(row1[index..]);
            sum2 += operand * new Vector<float>(row2[index..]);
            sum3 += operand * new Vector<float>(row3[index..]);
        }

        float first = Vector.Sum(sum0), second = Vector.Sum(sum1), third = Vector.Sum(sum2), fourth = Vector.Sum(sum3);
        for (; index < Size; index++)
        {
            first += vector[index] * row0[index];
            second += vector[index] * row1[index];
            third += vector[index] * row2[index];
            fourth += vector[index] * row3[index];
        }

        return (first, second, third, fourth);
    }

    private void AddScaled(ReadOnlySpan<float> block, float first, float second, float third, float fourth, Span<float> product)
    {
        ReadOnlySpan<float> row0 = block[..Size];
        ReadOnlySpan<float> row1 = block.Slice(Size, Size);
        ReadOnlySpan<float> row2 = block.Slice(2 * Size, Size);
        ReadOnlySpan<float> row3 = block.Slice(3 * Size, Size);
        int index = 0;
        for (; index <= Size - Vector<float>.Count; index += Vector<float>.Count)
        {
            Vector<float> sum = (new Vector<float>(row0[index..]) * first) + (new Vector<float>(row1[index..]) * second)
                + (new Vector<float>(row2[index..]) * third) + (new Vector<float>(row3[index..]) * fourth);
            (new Vector<float>(product[index..]) + sum).CopyTo(product[index..]);
        }

        for (; index < Size; index++)
        {
            product[index] += (row0[index] * first) + (row1[index] * second) + (row2[index] * third) + (row3[index] * fourth);
        }
    }
}
