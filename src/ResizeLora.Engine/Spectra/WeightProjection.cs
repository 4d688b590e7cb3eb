using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>
/// uᵢᵀ·W·vᵢ for all columns i of U (n × r) and V (m × r), with W (n × m) as it is stored in the checkpoint. A general product
/// W·V would first need W in single precision and then be read once more; here a few rows of W at a time are read, decoded, meet
/// all of V, and what comes out meets U before it leaves the nearest cache.
/// </summary>
internal static class WeightProjection
{
    // Rows are read in pieces that stay in the second cache until they are used.
    private const int PieceBytes = 1 << 18;

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
        int rank = products.Length;
        int rowBytes = columns * TensorTypes.BytesOf(type);
        int pieceRows = Math.Max(PieceBytes / rowBytes / TTile.Rows, 1) * TTile.Rows;
        using var vectors = new AlignedMemory<float>(Tiles<TTile>.LengthOfStrips(rank) * columns);
        using var decoded = new AlignedMemory<float>(Tiles<TTile>.LengthOfRows(columns));
        byte[] piece = ArrayPool<byte>.Shared.Rent(Math.Min(pieceRows, rows) * rowBytes);
        try
        {
            Tiles<TTile>.Pack(right, rank, vectors.Span);
            products.Clear();
            for (int first = 0; first < rows; first += pieceRows)
            {
                Span<byte> stored = piece.AsSpan(0, Math.Min(pieceRows, rows - first) * rowBytes);
                readRows(first, stored);
                for (int start = 0; start < stored.Length; start += TTile.Rows * rowBytes)
                {
                    ReadOnlySpan<byte> tile = stored.Slice(start, Math.Min(TTile.Rows * rowBytes, stored.Length - start));
                    int height = tile.Length / rowBytes;
                    Tiles<TTile>.Decode(type, tile, height, columns, decoded.Span);
                    Multiply<TTile>(
                        decoded.Span,
                        vectors.Span,
                        columns,
                        left.Slice((first + (start / rowBytes)) * rank, height * rank),
                        products
                    );
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    // In a last tile of fewer rows those of the tile before it stand in, and what comes of them is not used.
    private static void Multiply<TTile>(
        ReadOnlySpan<float> decoded,
        ReadOnlySpan<float> packed,
        int columns,
        ReadOnlySpan<float> left,
        Span<double> products
    )
        where TTile : struct, IProjectionTile
    {
        int rank = products.Length;
        Span<float> sums = stackalloc float[TTile.Rows * TTile.Columns];
        for (int first = 0; first < rank; first += TTile.Columns)
        {
            Tiles<TTile>.Multiply(decoded, packed[(first * columns)..], columns, sums);
            int width = Math.Min(TTile.Columns, rank - first);
            for (int row = 0; (row * rank) + first < left.Length; row++)
            {
                Accumulate(left.Slice((row * rank) + first, width), sums.Slice(row * TTile.Columns, width), products.Slice(first, width));
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
