using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;

namespace ResizeLora.Spectra;

/// <summary>
/// uᵢᵀ·W·vᵢ for all columns i of U (n × r) and V (m × r), with W (n × m) as its bytes lie in the checkpoint. A general product
/// W·V would first need W in single precision and then be read once more; here a few rows of W at a time are decoded, meet all
/// of V, and what comes out meets U before it leaves the registers.
/// </summary>
internal static class WeightProjection
{
    // The register tile: 6 × 16 sums in twelve 256-bit registers.
    private const int TileRows = 6;
    private const int TileColumns = 16;

    /// <summary>Computes the products.</summary>
    /// <param name="type">The stored type of W.</param>
    /// <param name="bytes">W, row-major.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    /// <param name="left">U, row-major.</param>
    /// <param name="right">V, row-major.</param>
    /// <param name="products">Where the r products go.</param>
    public static void Compute(TensorType type, ReadOnlySpan<byte> bytes, int rows, int columns, ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<double> products)
    {
        int rank = products.Length;
        int strips = (rank + TileColumns - 1) / TileColumns;
        int rowBytes = columns * TensorTypes.BytesOf(type);
        float[] packed = ArrayPool<float>.Shared.Rent(strips * columns * TileColumns);
        float[] decoded = ArrayPool<float>.Shared.Rent(TileRows * columns);
        Span<float> tile = stackalloc float[TileRows * TileColumns];
        try
        {
            Pack(right, columns, rank, packed.AsSpan(0, strips * columns * TileColumns));
            Array.Clear(decoded, 0, TileRows * columns);
            products.Clear();
            for (int row = 0; row < rows; row += TileRows)
            {
                // In a last tile of fewer rows those of the tile before it stand in, and what comes of them is not used.
                int height = Math.Min(TileRows, rows - row);
                WeightDecoder.ToSingle(type, bytes.Slice(row * rowBytes, height * rowBytes), decoded.AsSpan(0, height * columns));
                for (int strip = 0; strip < strips; strip++)
                {
                    Multiply(decoded, columns, packed.AsSpan(strip * columns * TileColumns, columns * TileColumns), tile);
                    int start = strip * TileColumns;
                    int width = Math.Min(TileColumns, rank - start);
                    for (int index = 0; index < height; index++)
                    {
                        ReadOnlySpan<float> vectors = left.Slice(((row + index) * rank) + start, width);
                        for (int column = 0; column < width; column++)
                        {
                            products[start + column] += (double)vectors[column] * tile[(index * TileColumns) + column];
                        }
                    }
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(packed);
            ArrayPool<float>.Shared.Return(decoded);
        }
    }

    // Strips of sixteen columns, one after another, so that a tile reads on and on.
    private static void Pack(ReadOnlySpan<float> right, int columns, int rank, Span<float> packed)
    {
        packed.Clear();
        for (int row = 0; row < columns; row++)
        {
            for (int start = 0; start < rank; start += TileColumns)
            {
                int width = Math.Min(TileColumns, rank - start);
                right.Slice((row * rank) + start, width).CopyTo(packed[((start * columns) + (row * TileColumns))..]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float[] weights, int columns, ReadOnlySpan<float> strip, Span<float> tile)
    {
        ref float row0 = ref MemoryMarshal.GetArrayDataReference(weights);
        ref float row1 = ref Unsafe.Add(ref row0, columns);
        ref float row2 = ref Unsafe.Add(ref row1, columns);
        ref float row3 = ref Unsafe.Add(ref row2, columns);
        ref float row4 = ref Unsafe.Add(ref row3, columns);
        ref float row5 = ref Unsafe.Add(ref row4, columns);
        ref float vectors = ref MemoryMarshal.GetReference(strip);
        Vector256<float> sum00 = default, sum01 = default, sum10 = default, sum11 = default, sum20 = default, sum21 = default;
        Vector256<float> sum30 = default, sum31 = default, sum40 = default, sum41 = default, sum50 = default, sum51 = default;
        nuint position = 0;
        for (nuint column = 0; column < (nuint)columns; column++, position += TileColumns)
        {
            Vector256<float> first = Vector256.LoadUnsafe(ref vectors, position);
            Vector256<float> second = Vector256.LoadUnsafe(ref vectors, position + (nuint)Vector256<float>.Count);
            Vector256<float> factor = Vector256.Create(Unsafe.Add(ref row0, column));
            sum00 = VectorMath.MultiplyAdd(factor, first, sum00);
            sum01 = VectorMath.MultiplyAdd(factor, second, sum01);
            factor = Vector256.Create(Unsafe.Add(ref row1, column));
            sum10 = VectorMath.MultiplyAdd(factor, first, sum10);
            sum11 = VectorMath.MultiplyAdd(factor, second, sum11);
            factor = Vector256.Create(Unsafe.Add(ref row2, column));
            sum20 = VectorMath.MultiplyAdd(factor, first, sum20);
            sum21 = VectorMath.MultiplyAdd(factor, second, sum21);
            factor = Vector256.Create(Unsafe.Add(ref row3, column));
            sum30 = VectorMath.MultiplyAdd(factor, first, sum30);
            sum31 = VectorMath.MultiplyAdd(factor, second, sum31);
            factor = Vector256.Create(Unsafe.Add(ref row4, column));
            sum40 = VectorMath.MultiplyAdd(factor, first, sum40);
            sum41 = VectorMath.MultiplyAdd(factor, second, sum41);
            factor = Vector256.Create(Unsafe.Add(ref row5, column));
            sum50 = VectorMath.MultiplyAdd(factor, first, sum50);
            sum51 = VectorMath.MultiplyAdd(factor, second, sum51);
        }

        Store(tile, 0, sum00, sum01);
        Store(tile, 1, sum10, sum11);
        Store(tile, 2, sum20, sum21);
        Store(tile, 3, sum30, sum31);
        Store(tile, 4, sum40, sum41);
        Store(tile, 5, sum50, sum51);
    }

    private static void Store(Span<float> tile, int row, Vector256<float> first, Vector256<float> second)
    {
        first.CopyTo(tile[(row * TileColumns)..]);
        second.CopyTo(tile[((row * TileColumns) + Vector256<float>.Count)..]);
    }
}
