using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>
/// TᵀT in double precision of a tall matrix T (length × rank) that lies in a file as BF16, F16 or F32. libtorch has no
/// symmetric product, so that it would compute every element twice, from a copy of T in double precision; here the upper
/// triangle is summed straight from the stored bytes, a panel of rows at a time.
/// </summary>
internal static class GramMatrix
{
    // A panel of this many rows stays in the second-level cache, and the two strips of a tile in the first. The sums of a panel start from
    // zero, so that it must be the same for tiles of every size.
    private const int PanelRows = 128;

    // Rows of Tᵀ that are transposed together: squares of 4 × 4 numbers fit into registers.
    private const int ColumnsAtOnce = 4;

    /// <summary>Computes TᵀT.</summary>
    /// <param name="type">The stored type; rounding to single precision must not change it.</param>
    /// <param name="bytes">The stored elements.</param>
    /// <param name="length">Rows of T.</param>
    /// <param name="rank">Columns of T.</param>
    /// <param name="transposed">Whether Tᵀ is what is stored.</param>
    /// <param name="gram">Where the rank × rank numbers go, row-major.</param>
    public static void Compute(TensorType type, ReadOnlySpan<byte> bytes, int length, int rank, bool transposed, Span<double> gram)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Compute<GramTile512>(type, bytes, length, rank, transposed, gram);
        }
        else
        {
            Compute<GramTile256>(type, bytes, length, rank, transposed, gram);
        }
    }

    /// <inheritdoc cref="Compute(TensorType, ReadOnlySpan{byte}, int, int, bool, Span{double})"/>
    /// <typeparam name="TTile">The tile to sum with; all give the same bits.</typeparam>
    public static void Compute<TTile>(
        TensorType type,
        ReadOnlySpan<byte> bytes,
        int length,
        int rank,
        bool transposed,
        Span<double> gram
    )
        where TTile : struct, IGramTile
    {
        int stride = (rank + TTile.Columns - 1) / TTile.Columns * TTile.Columns;
        using var panelMemory = new AlignedMemory<double>(PanelRows * stride);
        Span<double> panel = panelMemory.Span;
        using var sumMemory = new AlignedMemory<double>(stride * stride);
        Span<double> sums = sumMemory.Span;
        float[] decoded = ArrayPool<float>.Shared.Rent(PanelRows * (transposed ? ColumnsAtOnce : rank));
        try
        {
            sums.Clear();
            panel.Clear();
            for (int start = 0; start < length; start += PanelRows)
            {
                int rows = Math.Min(PanelRows, length - start);
                if (transposed)
                {
                    PackTransposed<TTile>(type, bytes, length, rank, start, rows, decoded, panel);
                }
                else
                {
                    Pack<TTile>(type, bytes, rank, start, rows, decoded, panel);
                }

                AddPanel<TTile>(panel, rows, stride, sums);
            }

            Mirror(sums, rank, stride, gram);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(decoded);
        }
    }

    // A panel is strips as wide as a tile, one after another, so that a tile reads memory in sequence.
    private static Span<double> StripOf<TTile>(Span<double> panel, int column)
        where TTile : struct, IGramTile => panel.Slice(column / TTile.Columns * TTile.Columns * PanelRows, TTile.Columns * PanelRows);

    // Loops are compiled with all optimisations at once: the runtime would first run them a hundred times as slowly.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack<TTile>(
        TensorType type,
        ReadOnlySpan<byte> bytes,
        int rank,
        int start,
        int rows,
        float[] decoded,
        Span<double> panel
    )
        where TTile : struct, IGramTile
    {
        int rowBytes = rank * TensorTypes.BytesOf(type);
        WeightDecoder.ToSingle(type, bytes.Slice(start * rowBytes, rows * rowBytes), decoded.AsSpan(0, rows * rank));
        for (int first = 0; first < rank; first += TTile.Columns)
        {
            int width = Math.Min(TTile.Columns, rank - first);
            Span<double> strip = StripOf<TTile>(panel, first);
            for (int row = 0; row < rows; row++)
            {
                Widen(decoded.AsSpan((row * rank) + first, width), strip.Slice(row * TTile.Columns, width));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTransposed<TTile>(
        TensorType type,
        ReadOnlySpan<byte> bytes,
        int length,
        int rank,
        int start,
        int rows,
        float[] decoded,
        Span<double> panel
    )
        where TTile : struct, IGramTile
    {
        int size = TensorTypes.BytesOf(type);
        for (int first = 0; first < rank; first += ColumnsAtOnce)
        {
            int width = Math.Min(ColumnsAtOnce, rank - first);
            for (int column = 0; column < width; column++)
            {
                ReadOnlySpan<byte> stored = bytes.Slice((((first + column) * length) + start) * size, rows * size);
                WeightDecoder.ToSingle(type, stored, decoded.AsSpan(column * PanelRows, rows));
            }

            Span<double> target = StripOf<TTile>(panel, first)[(first % TTile.Columns)..];
            int done = width == ColumnsAtOnce && Sse2.IsSupported ? TransposeSquares<TTile>(decoded, rows, target) : 0;
            for (int row = done; row < rows; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    target[(row * TTile.Columns) + column] = decoded[(column * PanelRows) + row];
                }
            }
        }
    }

    // Four columns, PanelRows apart, as far as their rows fill squares. Returns the number of rows done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int TransposeSquares<TTile>(float[] columns, int rows, Span<double> target)
        where TTile : struct, IGramTile
    {
        Debug.Assert(TTile.Columns % ColumnsAtOnce == 0 && columns.Length >= ColumnsAtOnce * PanelRows, "A square lies in one strip.");
        ref float column = ref MemoryMarshal.GetArrayDataReference(columns);
        ref double places = ref MemoryMarshal.GetReference(target);
        int row = 0;
        for (; row <= rows - Vector128<float>.Count; row += Vector128<float>.Count)
        {
            Vector128<float> first = Vector128.LoadUnsafe(ref column, (nuint)row);
            Vector128<float> second = Vector128.LoadUnsafe(ref column, (nuint)(PanelRows + row));
            Vector128<float> third = Vector128.LoadUnsafe(ref column, (nuint)((2 * PanelRows) + row));
            Vector128<float> fourth = Vector128.LoadUnsafe(ref column, (nuint)((3 * PanelRows) + row));
            Vector128<double> upperLeft = Sse.UnpackLow(first, second).AsDouble();
            Vector128<double> upperRight = Sse.UnpackLow(third, fourth).AsDouble();
            Vector128<double> lowerLeft = Sse.UnpackHigh(first, second).AsDouble();
            Vector128<double> lowerRight = Sse.UnpackHigh(third, fourth).AsDouble();
            nuint start = (nuint)(row * TTile.Columns);
            Store(Sse2.UnpackLow(upperLeft, upperRight), ref places, start);
            Store(Sse2.UnpackHigh(upperLeft, upperRight), ref places, start + (nuint)TTile.Columns);
            Store(Sse2.UnpackLow(lowerLeft, lowerRight), ref places, start + (nuint)(2 * TTile.Columns));
            Store(Sse2.UnpackHigh(lowerLeft, lowerRight), ref places, start + (nuint)(3 * TTile.Columns));
        }

        return row;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(Vector128<double> numbers, ref double target, nuint place)
        {
            (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(numbers.AsSingle());
            Vector256.Create(lower, upper).StoreUnsafe(ref target, place);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(ReadOnlySpan<float> source, Span<double> destination)
    {
        int index = 0;
        for (; index <= source.Length - Vector128<float>.Count; index += Vector128<float>.Count)
        {
            (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(Vector128.Create(source[index..]));
            Vector256.Create(lower, upper).CopyTo(destination[index..]);
        }

        for (; index < source.Length; index++)
        {
            destination[index] = source[index];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPanel<TTile>(Span<double> panel, int rows, int stride, Span<double> sums)
        where TTile : struct, IGramTile
    {
        for (int column = 0; column < stride; column += TTile.Columns)
        {
            ref double right = ref MemoryMarshal.GetReference(StripOf<TTile>(panel, column));

            // Tiles wholly below the diagonal are mirrored at the end.
            for (int row = 0; row < column + TTile.Columns; row += TTile.Rows)
            {
                ref double left = ref StripOf<TTile>(panel, row)[row % TTile.Columns];
                TTile.Add(ref left, ref right, rows, sums[((row * stride) + column)..], stride);
            }
        }
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
