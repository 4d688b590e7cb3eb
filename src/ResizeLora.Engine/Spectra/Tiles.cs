using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>
/// How matrices are laid out for a tile: its rows in blocks of <see cref="IProjectionTile.MaximumLength"/> terms, its columns in strips.
/// </summary>
/// <typeparam name="TTile">The tile.</typeparam>
internal static class Tiles<TTile>
    where TTile : struct, IProjectionTile
{
    private const int BlockLength = IProjectionTile.MaximumLength;

    /// <summary>The numbers that one block of a tile's rows takes.</summary>
    public static int BlockStride => TTile.Rows * IProjectionTile.Stride;

    /// <summary>The numbers that a tile's rows take when they are laid out.</summary>
    /// <param name="terms">The terms of each row.</param>
    public static int LengthOfRows(int terms) => (terms + BlockLength - 1) / BlockLength * BlockStride;

    /// <summary>The numbers that strips of columns take for each term.</summary>
    /// <param name="columns">How many columns there are.</param>
    public static int LengthOfStrips(int columns) => (columns + TTile.Columns - 1) / TTile.Columns * TTile.Columns;

    /// <summary>Lays out columns: strips of a tile's width, one after another, so that a tile reads on and on.</summary>
    /// <param name="matrix">terms × columns, row-major.</param>
    /// <param name="columns">How many columns there are.</param>
    /// <param name="strips">Where they go.</param>
    public static void Pack(ReadOnlySpan<float> matrix, int columns, Span<float> strips)
    {
        strips.Clear();
        int terms = matrix.Length / columns;
        for (int start = 0; start < columns; start += TTile.Columns)
        {
            int width = Math.Min(TTile.Columns, columns - start);
            Span<float> strip = strips.Slice(start * terms, terms * TTile.Columns);
            for (int term = 0; term < terms; term++)
            {
                matrix.Slice((term * columns) + start, width).CopyTo(strip[(term * TTile.Columns)..]);
            }
        }
    }

    /// <summary>Lays out stored rows.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="stored">The rows.</param>
    /// <param name="height">How many they are, a tile's at most.</param>
    /// <param name="terms">The terms of each.</param>
    /// <param name="rows">Where they go.</param>
    public static void Decode(TensorType type, ReadOnlySpan<byte> stored, int height, int terms, Span<float> rows)
    {
        for (int start = 0; start < terms; start += BlockLength)
        {
            DecodeBlock(type, stored, height, terms, start, rows[PlaceOf(0, start)..]);
        }
    }

    /// <summary>Lays out one block of stored rows.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="stored">The rows.</param>
    /// <param name="height">How many they are, a tile's at most.</param>
    /// <param name="terms">The terms of each.</param>
    /// <param name="start">The first term of the block.</param>
    /// <param name="block">Where it goes.</param>
    public static void DecodeBlock(TensorType type, ReadOnlySpan<byte> stored, int height, int terms, int start, Span<float> block)
    {
        int size = TensorTypes.BytesOf(type);
        int length = Math.Min(BlockLength, terms - start);
        for (int row = 0; row < height; row++)
        {
            WeightDecoder.ToSingle(
                type,
                stored.Slice(((row * terms) + start) * size, length * size),
                block.Slice(row * IProjectionTile.Stride, length)
            );
        }
    }

    /// <summary>Lays out columns of a matrix as rows.</summary>
    /// <param name="matrix">terms × columns, row-major.</param>
    /// <param name="columns">How many columns there are.</param>
    /// <param name="first">The first of a tile's rows.</param>
    /// <param name="rows">Where they go.</param>
    public static void Transpose(ReadOnlySpan<float> matrix, int columns, int first, Span<float> rows)
    {
        int terms = matrix.Length / columns;
        int height = Math.Min(TTile.Rows, columns - first);
        for (int term = 0; term < terms; term++)
        {
            for (int row = 0; row < height; row++)
            {
                rows[PlaceOf(row, term)] = matrix[(term * columns) + first + row];
            }
        }
    }

    /// <summary>All sums of a tile.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="strip">Its columns.</param>
    /// <param name="terms">The terms of each sum.</param>
    /// <param name="sums">Where the sums go, row by row.</param>
    public static void Multiply(ReadOnlySpan<float> rows, ReadOnlySpan<float> strip, int terms, Span<float> sums)
    {
        sums.Clear();
        for (int start = 0; start < terms; start += BlockLength)
        {
            int length = Math.Min(BlockLength, terms - start);
            TTile.Multiply(
                rows.Slice(PlaceOf(0, start), BlockStride),
                strip.Slice(start * TTile.Columns, length * TTile.Columns),
                length,
                sums
            );
        }
    }

    private static int PlaceOf(int row, int term) =>
        (term / BlockLength * BlockStride) + (row * IProjectionTile.Stride) + (term % BlockLength);
}
