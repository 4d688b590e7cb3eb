using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>
/// uᵢᵀ·W·vᵢ for all columns i of U (n × r) and V (m × r), with W (n × m) as it is stored in the checkpoint. A general product
/// W·V would first need W in single precision and then be read once more; here some rows of W at a time are read, decoded, meet
/// all of V, and what comes out meets U before it leaves the second cache.
/// </summary>
internal static class WeightProjection
{
    // So many rows meet a strip of V while it is in the second cache. Every tile's height divides it.
    private const int PieceRows = 96;

    /// <summary>Reads some rows of W.</summary>
    /// <param name="firstRow">The first of them.</param>
    /// <param name="destination">As long as the rows are in bytes.</param>
    public delegate void RowReader(int firstRow, Span<byte> destination);

    /// <summary>Computes the products.</summary>
    /// <param name="type">The stored type of W.</param>
    /// <param name="readRows">Reads W; called for all rows once, in order.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    /// <param name="left">U, row-major.</param>
    /// <param name="right">V, row-major.</param>
    /// <param name="products">Where the r products go.</param>
    public static void Compute(
        TensorType type,
        RowReader readRows,
        int rows,
        int columns,
        ReadOnlySpan<float> left,
        ReadOnlySpan<float> right,
        Span<double> products
    )
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Compute<ProjectionTile512>(type, readRows, rows, columns, left, right, products);
        }
        else
        {
            Compute<ProjectionTile256>(type, readRows, rows, columns, left, right, products);
        }
    }

    /// <inheritdoc cref="Compute(TensorType, RowReader, int, int, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{double})"/>
    /// <typeparam name="TTile">What multiplies.</typeparam>
    public static void Compute<TTile>(
        TensorType type,
        RowReader readRows,
        int rows,
        int columns,
        ReadOnlySpan<float> left,
        ReadOnlySpan<float> right,
        Span<double> products
    )
        where TTile : struct, IProjectionTile
    {
        int rowBytes = columns * TensorTypes.BytesOf(type);
        int stripsWidth = (products.Length + TTile.Columns - 1) / TTile.Columns * TTile.Columns;
        using var vectors = new AlignedMemory<float>(stripsWidth * columns);
        using var decoded = new AlignedMemory<float>(PieceRows * IProjectionTile.Stride);
        using var sums = new AlignedMemory<float>(PieceRows * stripsWidth);
        byte[] piece = ArrayPool<byte>.Shared.Rent(Math.Min(PieceRows, rows) * rowBytes);
        try
        {
            Pack<TTile>(right, products.Length, vectors.Span);
            products.Clear();
            for (int first = 0; first < rows; first += PieceRows)
            {
                int height = Math.Min(PieceRows, rows - first);
                Span<byte> stored = piece.AsSpan(0, height * rowBytes);
                readRows(first, stored);
                sums.Span.Clear();
                Multiply<TTile>(type, stored, height, columns, vectors.Span, decoded.Span, sums.Span);
                Accumulate<TTile>(sums.Span, height, left[(first * products.Length)..], products);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    // A block of terms after the other, so that its decoded rows, and of V a strip at a time, stay in the second cache while they meet.
    // In a last tile of fewer rows whatever was there before stands in, and what comes of it is not used.
    private static void Multiply<TTile>(
        TensorType type,
        ReadOnlySpan<byte> stored,
        int height,
        int columns,
        ReadOnlySpan<float> strips,
        Span<float> decoded,
        Span<float> sums
    )
        where TTile : struct, IProjectionTile
    {
        int tiles = (height + TTile.Rows - 1) / TTile.Rows;
        int tileLength = TTile.Rows * IProjectionTile.Stride;
        int tileSums = TTile.Rows * TTile.Columns;
        for (int start = 0; start < columns; start += IProjectionTile.MaximumLength)
        {
            int length = Math.Min(IProjectionTile.MaximumLength, columns - start);
            Decode(type, stored, columns, start, length, decoded);
            for (int strip = 0; strip < strips.Length / columns / TTile.Columns; strip++)
            {
                ReadOnlySpan<float> vectors = strips.Slice(((strip * columns) + start) * TTile.Columns, length * TTile.Columns);
                for (int tile = 0; tile < tiles; tile++)
                {
                    TTile.Multiply(
                        decoded.Slice(tile * tileLength, tileLength),
                        vectors,
                        length,
                        sums.Slice(((strip * PieceRows / TTile.Rows) + tile) * tileSums, tileSums)
                    );
                }
            }
        }
    }

    // Strips of V as wide as a tile, one after another, so that a tile reads on and on.
    private static void Pack<TTile>(ReadOnlySpan<float> matrix, int width, Span<float> strips)
        where TTile : struct, IProjectionTile
    {
        strips.Clear();
        int rows = matrix.Length / width;
        for (int start = 0; start < width; start += TTile.Columns)
        {
            int count = Math.Min(TTile.Columns, width - start);
            Span<float> strip = strips.Slice(start * rows, rows * TTile.Columns);
            for (int row = 0; row < rows; row++)
            {
                matrix.Slice((row * width) + start, count).CopyTo(strip[(row * TTile.Columns)..]);
            }
        }
    }

    // One block of columns of stored rows.
    private static void Decode(TensorType type, ReadOnlySpan<byte> stored, int columns, int start, int length, Span<float> decoded)
    {
        int size = TensorTypes.BytesOf(type);
        for (int row = 0; row * columns * size < stored.Length; row++)
        {
            WeightDecoder.ToSingle(
                type,
                stored.Slice(((row * columns) + start) * size, length * size),
                decoded.Slice(row * IProjectionTile.Stride, length)
            );
        }
    }

    private static void Accumulate<TTile>(ReadOnlySpan<float> sums, int height, ReadOnlySpan<float> left, Span<double> products)
        where TTile : struct, IProjectionTile
    {
        int rank = products.Length;
        for (int first = 0; first < rank; first += TTile.Columns)
        {
            int width = Math.Min(TTile.Columns, rank - first);
            ReadOnlySpan<float> strip = sums[(first * PieceRows)..];
            for (int row = 0; row < height; row++)
            {
                Accumulate(left.Slice((row * rank) + first, width), strip.Slice(row * TTile.Columns, width), products.Slice(first, width));
            }
        }
    }

    // Eight at a time whatever the processor has, in the order of the rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(ReadOnlySpan<float> vectors, ReadOnlySpan<float> sums, Span<double> products)
    {
        ref float vector = ref MemoryMarshal.GetReference(vectors);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        ref double product = ref MemoryMarshal.GetReference(products);
        int index = 0;
        for (; index <= products.Length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            (Vector256<double> lowerVector, Vector256<double> upperVector) = Vector256.Widen(
                Vector256.LoadUnsafe(ref vector, (nuint)index)
            );
            (Vector256<double> lowerSum, Vector256<double> upperSum) = Vector256.Widen(Vector256.LoadUnsafe(ref sum, (nuint)index));
            nuint upper = (nuint)(index + Vector256<double>.Count);
            VectorMath
                .MultiplyAdd(lowerVector, lowerSum, Vector256.LoadUnsafe(ref product, (nuint)index))
                .StoreUnsafe(ref product, (nuint)index);
            VectorMath.MultiplyAdd(upperVector, upperSum, Vector256.LoadUnsafe(ref product, upper)).StoreUnsafe(ref product, upper);
        }

        for (; index < products.Length; index++)
        {
            // A product of two singles is exact in double precision, so that fused or not is the same.
            products[index] += (double)vectors[index] * sums[index];
        }
    }
}
