using ResizeLora.Architectures;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// Adapters of fused weights (q, k and v in one) that are block-diagonal: each part of the rows has columns of its own. Every block
/// becomes a layer by itself, so that it is decomposed, scored and cut by itself.
/// </summary>
internal static class FusedLayers
{
    /// <summary>Looks for block-diagonal layers.</summary>
    /// <param name="file">The file, which offers the blocks from now on.</param>
    /// <param name="layers">Its layers.</param>
    /// <returns>The layers, with the blocks in the place of those that have some.</returns>
    public static AdapterLayer[] Divide(FactorFile file, IEnumerable<AdapterLayer> layers) =>
        [.. layers.SelectMany(layer => Divide(file, layer))];

    private static List<AdapterLayer> Divide(FactorFile file, AdapterLayer layer)
    {
        if (
            layer.FusedAs is not { } split
            || !layer.IsPlainPair
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
                string name = FormattableString.Invariant($"{layer.Name}.{part}");
                var upBlock = new StoredFactor(file, layer.Up, row, heights[part], column, rank);
                var downBlock = new StoredFactor(file, layer.Down, column, rank, 0, layer.InFeatures);
                TensorEntry up = file.Add(name, "up", upBlock, [heights[part], rank, .. layer.Up.Shape.Skip(2)]);
                TensorEntry down = file.Add(name, "down", downBlock, [rank, .. layer.Down.Shape.Skip(1)]);
                divided.Add(
                    new AdapterLayer(name, down, up, layer.Scale * rank)
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
