using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// VᵀV over the bytes of a weight as they lie in the checkpoint. Each application reads the bytes once from memory, and once
/// more from the nearest cache: a few rows serve W·v and then Wᵀ·(W·v). A 16-bit weight therefore costs half the memory
/// traffic of a converted copy. Floats of 8 bits are made halves of once, and doubles singles; blocks of Q8_0 keep their bytes.
/// </summary>
internal sealed class WeightGramOperator : IGramOperator, IDisposable
{
    // A shared pool keeps an array for each thread.
    private const int LargestPooled = 16 << 20;

    private readonly IWeightRows rows;
    private readonly float[] scratch;
    private readonly int roundingExponent;
    private byte[]? converted;

    /// <summary>Wraps a weight.</summary>
    /// <param name="type">Its element type.</param>
    /// <param name="bytes">Its rows, n × m elements; the operator may write them anew.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    public WeightGramOperator(TensorType type, Memory<byte> bytes, int rows, int columns)
    {
        Size = columns;
        int count = checked(rows * columns);

        bool isOrdinary = false;
        if (type == TensorType.Float64)
        {
            Memory<byte> singles = Convert(count * sizeof(float));
            roundingExponent = Round(bytes.Span, MemoryMarshal.Cast<byte, float>(singles.Span));
            (type, bytes) = (TensorType.Float32, singles);
        }
        else if (type is TensorType.Float8E4M3 or TensorType.Float8E5M2)
        {
            Memory<byte> halves = Convert(count * sizeof(ushort));
            bool isFinite = WeightDecoder.ToHalf(type, bytes.Span, MemoryMarshal.Cast<byte, ushort>(halves.Span));

            // The numbers of E4M3 lie between 2^-9 and 448: no half is subnormal.
            isOrdinary = isFinite && type == TensorType.Float8E4M3;
            (type, bytes) = (TensorType.Float16, halves);
        }

        this.rows = type switch
        {
            TensorType.Float16 => new WeightRows<Float16Decoder>(bytes, rows, columns, isOrdinary),
            TensorType.BFloat16 => new WeightRows<BFloat16Decoder>(bytes, rows, columns),
            _ => new WeightRows<Float32Decoder>(bytes, rows, columns),
        };
        scratch = ArrayPool<float>.Shared.Rent(2 * columns);
    }

    private WeightGramOperator(byte[] converted, IWeightRows rows, int columns)
    {
        Size = columns;
        this.converted = converted;
        this.rows = rows;
        scratch = ArrayPool<float>.Shared.Rent(2 * columns);
    }

    /// <summary>Wraps a weight that is stored as GGUF's Q8_0.</summary>
    /// <param name="blocks">Its blocks.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m, a multiple of a block.</param>
    public static WeightGramOperator OfQ8(Memory<byte> blocks, int rows, int columns)
    {
        int length = checked(rows * (columns / IRowDecoder.Width) * Q8Decoder.VectorByteLength);
        byte[] arranged = Rent(length);
        Q8Blocks.Arrange(blocks.Span, arranged);
        return new WeightGramOperator(arranged, new WeightRows<Q8Decoder>(arranged.AsMemory(0, length), rows, columns), columns);
    }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int Exponent => roundingExponent + rows.Exponent;

    /// <inheritdoc/>
    public double SquaredFrobeniusNorm => rows.SquaredNorm;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> vector, Span<float> product) => rows.Apply(vector, product, scratch);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<float>.Shared.Return(scratch);
        if (converted?.Length <= LargestPooled)
        {
            ArrayPool<byte>.Shared.Return(converted);
        }
        else if (converted is not null)
        {
            LargeGarbage.Add(converted.Length);
        }
    }

    private static byte[] Rent(int length) =>
        length <= LargestPooled ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);

    private Memory<byte> Convert(int length)
    {
        converted = Rent(length);
        return converted.AsMemory(0, length);
    }

    // Doubles may be larger or smaller than any single: they are brought near 1 before they are rounded.
    private static int Round(ReadOnlySpan<byte> stored, Span<float> singles)
    {
        double largest = 0;
        for (int index = 0; index < singles.Length; index++)
        {
            largest = Math.Max(largest, Math.Abs(DoubleAt(stored, index)));
        }

        int exponent = largest > 0 && double.IsFinite(largest) ? Math.ILogB(largest) + 1 : 0;
        for (int index = 0; index < singles.Length; index++)
        {
            singles[index] = (float)Math.ScaleB(DoubleAt(stored, index), -exponent);
        }

        return exponent;
    }

    private static double DoubleAt(ReadOnlySpan<byte> stored, int index) =>
        BinaryPrimitives.ReadDoubleLittleEndian(stored[(index * sizeof(double))..]);
}
