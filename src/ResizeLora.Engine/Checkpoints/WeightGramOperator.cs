using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// VᵀV over the bytes of a weight as they lie in the checkpoint. Each application reads the bytes once from memory, and once
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
            Exponent = Decode(type, bytes.Span, MemoryMarshal.Cast<byte, float>(decoded.AsSpan(0, length)));
            bytes = decoded.AsMemory(0, length);
        }

        this.rows = type switch
        {
            TensorType.Float16 => new WeightRows<Float16Decoder>(bytes, rows, columns),
            TensorType.BFloat16 => new WeightRows<BFloat16Decoder>(bytes, rows, columns),
            _ => new WeightRows<Float32Decoder>(bytes, rows, columns),
        };
        scratch = ArrayPool<float>.Shared.Rent(2 * columns);
        Exponent += this.rows.Exponent;
        SquaredFrobeniusNorm = this.rows.SquaredNorm;
    }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int Exponent { get; }

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

    // Doubles may be larger or smaller than any single: they are brought near 1 before they are rounded.
    private static int Decode(TensorType type, ReadOnlySpan<byte> stored, Span<float> singles)
    {
        double largest = 0;
        for (int index = 0; type == TensorType.Float64 && index < singles.Length; index++)
        {
            largest = Math.Max(largest, Math.Abs(DoubleAt(stored, index)));
        }

        if (largest == 0 || !double.IsFinite(largest))
        {
            WeightDecoder.ToSingle(type, stored, singles);
            return 0;
        }

        int exponent = Math.ILogB(largest) + 1;
        for (int index = 0; index < singles.Length; index++)
        {
            singles[index] = (float)Math.ScaleB(DoubleAt(stored, index), -exponent);
        }

        return exponent;
    }

    private static double DoubleAt(ReadOnlySpan<byte> stored, int index) =>
        BinaryPrimitives.ReadDoubleLittleEndian(stored[(index * sizeof(double))..]);
}
