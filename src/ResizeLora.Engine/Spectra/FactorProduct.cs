using System.Runtime.Intrinsics;
using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>
/// Products of a stored factor, n × r or r × m, with a small matrix, in single precision. A library's would first need the
/// whole factor in single precision; here a few rows or columns at a time are decoded and used where they are.
/// </summary>
internal static class FactorProduct
{
    /// <summary>B·X.</summary>
    /// <param name="type">The stored type of B.</param>
    /// <param name="stored">B, n × r, row-major.</param>
    /// <param name="rank">r.</param>
    /// <param name="combination">X, r × k, row-major.</param>
    /// <param name="product">n × k.</param>
    public static void Left(TensorType type, ReadOnlySpan<byte> stored, int rank, ReadOnlySpan<float> combination, Span<float> product)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Left<ProjectionTile512>(type, stored, rank, combination, product);
        }
        else
        {
            Left<ProjectionTile256>(type, stored, rank, combination, product);
        }
    }

    /// <summary>Yᵀ·A.</summary>
    /// <param name="type">The stored type of A.</param>
    /// <param name="stored">A, r × m, row-major.</param>
    /// <param name="rank">r.</param>
    /// <param name="combination">Y, r × k, row-major.</param>
    /// <param name="product">k × m.</param>
    public static void Right(TensorType type, ReadOnlySpan<byte> stored, int rank, ReadOnlySpan<float> combination, Span<float> product)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Right<ProjectionTile512>(type, stored, rank, combination, product);
        }
        else
        {
            Right<ProjectionTile256>(type, stored, rank, combination, product);
        }
    }

    /// <inheritdoc cref="Left(TensorType, ReadOnlySpan{byte}, int, ReadOnlySpan{float}, Span{float})"/>
    /// <typeparam name="TTile">What multiplies.</typeparam>
    public static void Left<TTile>(
        TensorType type,
        ReadOnlySpan<byte> stored,
        int rank,
        ReadOnlySpan<float> combination,
        Span<float> product
    )
        where TTile : struct, IProjectionTile
    {
        int count = combination.Length / rank;
        int tileBytes = TTile.Rows * rank * TensorTypes.BytesOf(type);
        using var strips = new AlignedMemory<float>(Tiles<TTile>.LengthOfStrips(count) * rank);
        using var rows = new AlignedMemory<float>(Tiles<TTile>.LengthOfRows(rank));
        Span<float> sums = stackalloc float[TTile.Rows * TTile.Columns];
        Tiles<TTile>.Pack(combination, count, strips.Span);
        for (; stored.Length > 0; stored = stored[Math.Min(tileBytes, stored.Length)..])
        {
            int height = Math.Min(TTile.Rows, product.Length / count);
            Tiles<TTile>.Decode(type, stored[..Math.Min(tileBytes, stored.Length)], height, rank, rows.Span);
            for (int first = 0; first < count; first += TTile.Columns)
            {
                Tiles<TTile>.Multiply(rows.Span, strips.Span[(first * rank)..], rank, sums);
                int width = Math.Min(TTile.Columns, count - first);
                for (int row = 0; row < height; row++)
                {
                    sums.Slice(row * TTile.Columns, width).CopyTo(product[((row * count) + first)..]);
                }
            }

            product = product[(height * count)..];
        }
    }

    /// <inheritdoc cref="Right(TensorType, ReadOnlySpan{byte}, int, ReadOnlySpan{float}, Span{float})"/>
    /// <typeparam name="TTile">What multiplies.</typeparam>
    public static void Right<TTile>(
        TensorType type,
        ReadOnlySpan<byte> stored,
        int rank,
        ReadOnlySpan<float> combination,
        Span<float> product
    )
        where TTile : struct, IProjectionTile
    {
        int count = combination.Length / rank;
        int columns = product.Length / count;
        int size = TensorTypes.BytesOf(type);
        int tileLength = Tiles<TTile>.LengthOfRows(rank);
        int tiles = (count + TTile.Rows - 1) / TTile.Rows;
        using var rows = new AlignedMemory<float>(tiles * tileLength);
        using var strip = new AlignedMemory<float>(rank * TTile.Columns);
        Span<float> sums = stackalloc float[TTile.Rows * TTile.Columns];
        for (int tile = 0; tile < tiles; tile++)
        {
            Tiles<TTile>.Transpose(combination, count, tile * TTile.Rows, rows.Span[(tile * tileLength)..]);
        }

        for (int start = 0; start < columns; start += TTile.Columns)
        {
            int width = Math.Min(TTile.Columns, columns - start);
            for (int term = 0; term < rank; term++)
            {
                WeightDecoder.ToSingle(
                    type,
                    stored.Slice(((term * columns) + start) * size, width * size),
                    strip.Span.Slice(term * TTile.Columns, width)
                );
            }

            for (int tile = 0; tile < tiles; tile++)
            {
                Tiles<TTile>.Multiply(rows.Span.Slice(tile * tileLength, tileLength), strip.Span, rank, sums);
                int first = tile * TTile.Rows;
                for (int row = 0; row < TTile.Rows && first + row < count; row++)
                {
                    sums.Slice(row * TTile.Columns, width).CopyTo(product[(((first + row) * columns) + start)..]);
                }
            }
        }
    }
}
