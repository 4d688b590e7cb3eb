using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>
/// TᵀT in double precision of a tall matrix T (length × rank) that lies in a file as BF16, F16 or F32. libtorch has no
/// symmetric product, so that it would compute every element twice, from a copy of T in double precision; here the upper
/// triangle is summed straight from the stored bytes, a panel of rows at a time.
/// </summary>
internal static class GramMatrix
{
    // The register tile: 4 × 12 sums in sixteen 256-bit registers.
    private const int TileRows = 4;
    private const int TileColumns = 12;

    // A panel of this many rows stays in the second-level cache, and the two strips of a tile in the first.
    private const int PanelRows = 128;

    // One more line of the cache from row to row: at powers of two, the lines of a strip would compete for a few places.
    private const int PanelPadding = 8;

    /// <summary>Computes TᵀT.</summary>
    /// <param name="type">The stored type; rounding to single precision must not change it.</param>
    /// <param name="bytes">The stored elements.</param>
    /// <param name="length">Rows of T.</param>
    /// <param name="rank">Columns of T.</param>
    /// <param name="transposed">Whether Tᵀ is what is stored.</param>
    /// <param name="gram">Where the rank × rank numbers go, row-major.</param>
    public static void Compute(TensorType type, ReadOnlySpan<byte> bytes, int length, int rank, bool transposed, Span<double> gram)
    {
        int stride = (rank + TileColumns - 1) / TileColumns * TileColumns;
        int panelStride = stride + PanelPadding;
        using var panelMemory = new AlignedMemory<double>(PanelRows * panelStride);
        Span<double> panel = panelMemory.Span;
        using var sumMemory = new AlignedMemory<double>(stride * stride);
        Span<double> sums = sumMemory.Span;
        float[] decoded = ArrayPool<float>.Shared.Rent(PanelRows * (transposed ? 1 : rank));
        try
        {
            sums.Clear();
            panel.Clear();
            for (int start = 0; start < length; start += PanelRows)
            {
                int rows = Math.Min(PanelRows, length - start);
                if (transposed)
                {
                    PackTransposed(type, bytes, length, rank, start, rows, decoded, panel, panelStride);
                }
                else
                {
                    Pack(type, bytes, rank, start, rows, decoded, panel, panelStride);
                }

                AddPanel(panel, rows, panelStride, stride, sums);
            }

            Mirror(sums, rank, stride, gram);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(decoded);
        }
    }

    private static void Pack(
        TensorType type,
        ReadOnlySpan<byte> bytes,
        int rank,
        int start,
        int rows,
        float[] decoded,
        Span<double> panel,
        int panelStride
    )
    {
        int rowBytes = rank * TensorTypes.BytesOf(type);
        WeightDecoder.ToSingle(type, bytes.Slice(start * rowBytes, rows * rowBytes), decoded.AsSpan(0, rows * rank));
        for (int row = 0; row < rows; row++)
        {
            Widen(decoded.AsSpan(row * rank, rank), panel.Slice(row * panelStride, rank));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTransposed(
        TensorType type,
        ReadOnlySpan<byte> bytes,
        int length,
        int rank,
        int start,
        int rows,
        float[] decoded,
        Span<double> panel,
        int panelStride
    )
    {
        int size = TensorTypes.BytesOf(type);
        for (int column = 0; column < rank; column++)
        {
            WeightDecoder.ToSingle(type, bytes.Slice(((column * length) + start) * size, rows * size), decoded.AsSpan(0, rows));
            for (int row = 0; row < rows; row++)
            {
                panel[(row * panelStride) + column] = decoded[row];
            }
        }
    }

    private static void Widen(ReadOnlySpan<float> source, Span<double> destination)
    {
        int index = 0;
        for (; index <= source.Length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.Create(source[index..]));
            lower.CopyTo(destination[index..]);
            upper.CopyTo(destination[(index + Vector256<double>.Count)..]);
        }

        for (; index < source.Length; index++)
        {
            destination[index] = source[index];
        }
    }

    private static void AddPanel(ReadOnlySpan<double> panel, int rows, int panelStride, int stride, Span<double> sums)
    {
        ref double strips = ref MemoryMarshal.GetReference(panel);
        for (int column = 0; column < stride; column += TileColumns)
        {
            // Tiles wholly below the diagonal are mirrored at the end.
            for (int row = 0; row < column + TileColumns; row += TileRows)
            {
                AddTile(ref strips, rows, panelStride, row, column, sums[((row * stride) + column)..], stride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddTile(ref double panel, int rows, int panelStride, int row, int column, Span<double> sums, int stride)
    {
        Vector256<double> sum00 = default,
            sum01 = default,
            sum02 = default;
        Vector256<double> sum10 = default,
            sum11 = default,
            sum12 = default;
        Vector256<double> sum20 = default,
            sum21 = default,
            sum22 = default;
        Vector256<double> sum30 = default,
            sum31 = default,
            sum32 = default;
        nuint position = 0;
        for (int index = 0; index < rows; index++, position += (nuint)panelStride)
        {
            nuint left = position + (nuint)row;
            nuint right = position + (nuint)column;
            Vector256<double> right0 = Vector256.LoadUnsafe(ref panel, right);
            Vector256<double> right1 = Vector256.LoadUnsafe(ref panel, right + 4);
            Vector256<double> right2 = Vector256.LoadUnsafe(ref panel, right + 8);
            Vector256<double> factor = Vector256.Create(Unsafe.Add(ref panel, left));
            sum00 = VectorMath.MultiplyAdd(factor, right0, sum00);
            sum01 = VectorMath.MultiplyAdd(factor, right1, sum01);
            sum02 = VectorMath.MultiplyAdd(factor, right2, sum02);
            factor = Vector256.Create(Unsafe.Add(ref panel, left + 1));
            sum10 = VectorMath.MultiplyAdd(factor, right0, sum10);
            sum11 = VectorMath.MultiplyAdd(factor, right1, sum11);
            sum12 = VectorMath.MultiplyAdd(factor, right2, sum12);
            factor = Vector256.Create(Unsafe.Add(ref panel, left + 2));
            sum20 = VectorMath.MultiplyAdd(factor, right0, sum20);
            sum21 = VectorMath.MultiplyAdd(factor, right1, sum21);
            sum22 = VectorMath.MultiplyAdd(factor, right2, sum22);
            factor = Vector256.Create(Unsafe.Add(ref panel, left + 3));
            sum30 = VectorMath.MultiplyAdd(factor, right0, sum30);
            sum31 = VectorMath.MultiplyAdd(factor, right1, sum31);
            sum32 = VectorMath.MultiplyAdd(factor, right2, sum32);
        }

        AddRow(sums, sum00, sum01, sum02);
        AddRow(sums[stride..], sum10, sum11, sum12);
        AddRow(sums[(2 * stride)..], sum20, sum21, sum22);
        AddRow(sums[(3 * stride)..], sum30, sum31, sum32);
    }

    private static void AddRow(Span<double> sums, Vector256<double> first, Vector256<double> second, Vector256<double> third)
    {
        (Vector256.Create<double>(sums) + first).CopyTo(sums);
        (Vector256.Create<double>(sums[4..]) + second).CopyTo(sums[4..]);
        (Vector256.Create<double>(sums[8..]) + third).CopyTo(sums[8..]);
    }

    // In squares of a line of the cache: at ranks that are powers of two, a whole column lies in a few places of the cache.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mirror(ReadOnlySpan<double> sums, int rank, int stride, Span<double> gram)
    {
        const int Side = 8;
        for (int top = 0; top < rank; top += Side)
        {
            for (int left = top; left < rank; left += Side)
            {
                for (int row = top; row < Math.Min(top + Side, rank); row++)
                {
                    for (int column = Math.Max(left, row); column < Math.Min(left + Side, rank); column++)
                    {
                        gram[(row * rank) + column] = gram[(column * rank) + row] = sums[(row * stride) + column];
                    }
                }
            }
        }
    }
}
