using ResizeLora.Architectures;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// A file in which some adapters of fused weights (q, k and v in one) are block-diagonal: each part of the rows has columns of its own.
/// Here every block is a pair of factors by itself, so that it is decomposed, scored and cut by itself.
/// </summary>
internal sealed class FusedFile : ITensorFile
{
    private readonly ITensorFile file;
    private readonly Dictionary<string, Block> blocks;

    private FusedFile(ITensorFile file, Dictionary<string, Block> blocks)
    {
        this.file = file;
        this.blocks = blocks;
    }

    /// <inheritdoc/>
    public string Path => file.Path;

    /// <inheritdoc/>
    public long Length => file.Length;

    /// <inheritdoc/>
    public DateTime LastWriteTime => file.LastWriteTime;

    /// <inheritdoc/>
    public SafetensorsHeader Header => file.Header;

    /// <summary>Looks for block-diagonal layers.</summary>
    /// <param name="file">The file.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="all">The layers, with the blocks in the place of those that have some.</param>
    /// <returns>A file that reads the blocks, or the same file when there are none.</returns>
    public static ITensorFile Wrap(ITensorFile file, AdapterLayer[] layers, out AdapterLayer[] all)
    {
        var blocks = new Dictionary<string, Block>(StringComparer.Ordinal);
        all = [.. layers.SelectMany(layer => Divide(file, layer, blocks))];
        return blocks.Count == 0 ? file : new FusedFile(file, blocks);
    }

    /// <inheritdoc/>
    public TensorEntry? Find(string name) => file.Find(name);

    /// <inheritdoc/>
    public void Read(TensorEntry tensor, Span<byte> destination, long offset = 0)
    {
        if (!blocks.TryGetValue(tensor.Name, out Block? block))
        {
            file.Read(tensor, destination, offset);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, tensor.ByteLength);
        int elementLength = TensorTypes.BytesOf(block.Stored.Type);
        int storedColumns = (int)(block.Stored.ElementCount / block.Stored.Shape[0]);
        int width = block.Columns * elementLength;
        int first = (int)(offset / width);
        int skipped = (int)(offset - ((long)first * width));
        int count = (skipped + destination.Length + width - 1) / width;
        long start = (long)(block.FirstRow + first) * storedColumns * elementLength;
        if (block.Columns == storedColumns)
        {
            file.Read(block.Stored, destination, start + skipped);
            return;
        }

        byte[] rows = GC.AllocateUninitializedArray<byte>(checked(count * storedColumns * elementLength));
        file.Read(block.Stored, rows, start);
        int done = 0;
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<byte> part = rows.AsSpan(((row * storedColumns) + block.FirstColumn) * elementLength, width)[skipped..];
            part = part[..Math.Min(part.Length, destination.Length - done)];
            part.CopyTo(destination[done..]);
            done += part.Length;
            skipped = 0;
        }
    }

    /// <inheritdoc/>
    public byte[] Read(TensorEntry tensor)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.ByteLength));
        Read(tensor, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool HasChanged() => file.HasChanged();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static List<AdapterLayer> Divide(ITensorFile file, AdapterLayer layer, Dictionary<string, Block> blocks)
    {
        if (
            layer.FusedAs is not { } split
            || RowSelection.HeightsOf(split, layer.OutFeatures, layer.InFeatures) is not { } heights
            || BlockColumns.Of(file, layer.Up, heights) is not { } widths
        )
        {
            return [layer];
        }

        var fused = new FusedFactors(layer, heights);
        var divided = new List<AdapterLayer>(heights.Length);
        int row = 0;
        int column = 0;
        for (int part = 0; part < heights.Length; part++)
        {
            int rank = widths[part];
            if (rank > 0)
            {
                TensorEntry up = layer.Up.Part(part, [heights[part], rank, .. layer.Up.Shape.Skip(2)]);
                TensorEntry down = layer.Down.Part(part, [rank, .. layer.Down.Shape.Skip(1)]);
                blocks.Add(up.Name, new Block(layer.Up, row, column, rank));
                blocks.Add(down.Name, new Block(layer.Down, column, 0, layer.InFeatures));
                divided.Add(
                    new AdapterLayer(FormattableString.Invariant($"{layer.Name}.{part}"), down, up, layer.Scale * rank)
                    {
                        Spelling = layer.Spelling,
                        Key = layer.Key with { Rows = new RowSelection(split, part, 1) },
                        Fused = fused,
                        FusedPart = part,
                    }
                );
            }

            row += heights[part];
            column += rank;
        }

        return divided;
    }

    // Rows and columns of a stored factor.
    private sealed record Block(TensorEntry Stored, int FirstRow, int FirstColumn, int Columns);
}

/// <summary>A pair of factors in one, whose blocks are layers by themselves.</summary>
/// <param name="Whole">The layer as it is stored.</param>
/// <param name="Heights">The rows of each part.</param>
internal sealed record FusedFactors(AdapterLayer Whole, IReadOnlyList<int> Heights);

/// <summary>Finds the columns that belong to each part of a block-diagonal factor B.</summary>
internal static class BlockColumns
{
    /// <summary>Looks at a factor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="up">B, shape out × rank.</param>
    /// <param name="heights">The rows of each part.</param>
    /// <returns>The columns of each part, or null where B is not block-diagonal.</returns>
    public static int[]? Of(ITensorFile file, TensorEntry up, int[] heights)
    {
        int rank = (int)up.Shape[1];
        int elementLength = TensorTypes.BytesOf(up.Type);
        if (up.ByteLength > Array.MaxLength || !MayBeBlocks(file, up, rank, elementLength))
        {
            return null;
        }

        bool[,] isUsed = new bool[heights.Length, rank];
        byte[] bytes = file.Read(up);
        float[] row = new float[rank];
        int first = 0;
        for (int part = 0; part < heights.Length; part++)
        {
            for (int index = 0; index < heights[part]; index++)
            {
                WeightDecoder.ToSingle(up.Type, bytes.AsSpan((first + index) * rank * elementLength, rank * elementLength), row);
                for (int column = 0; column < rank; column++)
                {
                    isUsed[part, column] |= row[column] != 0;
                }
            }

            first += heights[part];
        }

        return WidthsOf(isUsed, heights.Length, rank);
    }

    // Two rows cost nothing to read, and in almost every factor that is not block-diagonal they have no zeros.
    private static bool MayBeBlocks(ITensorFile file, TensorEntry up, int rank, int elementLength)
    {
        byte[] bytes = new byte[rank * elementLength];
        float[] row = new float[rank];
        file.Read(up, bytes, 0);
        WeightDecoder.ToSingle(up.Type, bytes, row);
        if (row[^1] == 0)
        {
            return true;
        }

        file.Read(up, bytes, up.ByteLength - bytes.Length);
        WeightDecoder.ToSingle(up.Type, bytes, row);
        return row[0] == 0;
    }

    private static int[]? WidthsOf(bool[,] isUsed, int parts, int rank)
    {
        int[] owner = new int[rank];
        for (int column = 0; column < rank; column++)
        {
            int[] users = [.. Enumerable.Range(0, parts).Where(part => isUsed[part, column])];
            if (users.Length > 1)
            {
                return null;
            }

            owner[column] = users is [int user] ? user : -1;
        }

        // One block is left where the other parts were dropped, or were never trained.
        if (Array.TrueForAll(owner, static part => part < 0))
        {
            return null;
        }

        // A column of zeros belongs where equal blocks would have it, else to the block before it.
        bool isEqual =
            rank % parts == 0 && owner.Select((part, column) => part < 0 || part == column * parts / rank).All(static fits => fits);
        int last = isEqual ? 0 : owner.First(static part => part >= 0);
        for (int column = 0; column < rank; column++)
        {
            int part =
                isEqual ? column * parts / rank
                : owner[column] >= 0 ? owner[column]
                : last;
            if (part < last)
            {
                return null;
            }

            owner[column] = last = part;
        }

        int[] widths = new int[parts];
        Array.ForEach(owner, part => widths[part]++);
        return widths;
    }
}
