using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>
/// WᵀW over the bytes of a weight as they lie in the checkpoint. Each application reads the bytes once from memory, and once
/// more from the nearest cache: a few rows serve W·v and then Wᵀ·(W·v). A 16-bit weight therefore costs half the memory
/// traffic of a decoded copy. Types that vector registers cannot decode are decoded once.
/// </summary>
internal sealed class WeightGramOperator : IGramOperator, IDisposable
{
    private readonly IWeightRows rows;
    private readonly float[] scratch;
    private readonly byte[]? decoded;

    /// <summary>Wraps a weight.</summary>
    /// <param name="type">Its element type.</param>
    /// <param name="bytes">Its rows, n × m elements.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    public WeightGramOperator(TensorType type, ReadOnlyMemory<byte> bytes, int rows, int columns)
    {
        Size = columns;
        if (type is not (TensorType.Float16 or TensorType.BFloat16 or TensorType.Float32))
        {
            int length = checked(rows * columns * sizeof(float));
            decoded = ArrayPool<byte>.Shared.Rent(length);
            WeightDecoder.ToSingle(type, bytes.Span, MemoryMarshal.Cast<byte, float>(decoded.AsSpan(0, length)));
            bytes = decoded.AsMemory(0, length);
        }

        this.rows = type switch
        {
            TensorType.Float16 => new WeightRows<Float16Decoder>(bytes, rows, columns),
            TensorType.BFloat16 => new WeightRows<BFloat16Decoder>(bytes, rows, columns),
            _ => new WeightRows<Float32Decoder>(bytes, rows, columns),
        };
        scratch = ArrayPool<float>.Shared.Rent(2 * columns);
        SquaredFrobeniusNorm = this.rows.SumSquares();
    }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public double SquaredFrobeniusNorm { get; }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> vector, Span<float> product) => rows.Apply(vector, product, scratch);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<float>.Shared.Return(scratch);
        if (decoded is not null)
        {
            ArrayPool<byte>.Shared.Return(decoded);
        }
    }
}
