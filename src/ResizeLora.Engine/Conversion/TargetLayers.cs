using ResizeLora.Adapters;
using ResizeLora.Architectures;

namespace ResizeLora.Conversion;

/// <summary>
/// Says which rows of the input's layers a layer of the output consists of, where programs differ in what they fuse. Rows are counted in
/// the fused weight, as the architecture stacks it.
/// </summary>
/// <param name="adapter">The input.</param>
/// <param name="layers">Its layers that are pairs of factors.</param>
internal sealed class TargetLayers(Adapter adapter, IReadOnlyList<AdapterLayer> layers)
{
    private const string FirstLinear = "linear1";
    private const string SecondLinear = "linear2";
    private const int RatioOfMlp = 4;

    /// <summary>The layers that an output's layer is made of.</summary>
    /// <param name="rows">The rows of the module that the output's layer means.</param>
    /// <param name="sources">The layers of that module.</param>
    /// <returns>The rows of each layer, those that give none left out; null where the heights of the parts are not known.</returns>
    public (IReadOnlyList<FactorRows> Parts, int Rows)? PartsOf(RowSelection rows, IReadOnlyList<AdapterLayer> sources)
    {
        // Heights are not asked for where nothing is divided or put together.
        AdapterLayer[] concerned = [.. sources.Where(layer => Meet(layer.Key.Rows, rows))];
        if (Array.TrueForAll(concerned, layer => layer.Key.Rows == rows))
        {
            FactorRows[] same = [.. concerned.Select(static layer => new FactorRows(layer, [new RowRun(0, 0, layer.OutFeatures)]))];
            return (same, concerned.Length > 0 ? concerned[0].OutFeatures : 0);
        }

        RowSplit split = rows.IsWhole ? sources.First(static layer => !layer.Key.Rows.IsWhole).Key.Rows.Split : rows.Split;
        if (HeightsOf(split, sources) is not { } heights)
        {
            return null;
        }

        List<(int Start, int Count)> target = Segments(rows, heights);
        var parts = new List<FactorRows>();
        foreach (AdapterLayer layer in sources)
        {
            List<RowRun> runs = [.. Runs(Segments(layer.Key.Rows, heights), target)];
            if (runs.Count > 0)
            {
                parts.Add(new FactorRows(layer, Joined(runs)));
            }
        }

        return ([.. parts.OrderBy(static part => part.Runs[0].Target)], target.Sum(static segment => segment.Count));
    }

    /// <summary>Gathers parts into columns: those of one A and other rows share them.</summary>
    /// <param name="parts">The parts.</param>
    public IReadOnlyList<FactorColumns> ColumnsOf(IReadOnlyList<FactorRows> parts)
    {
        var columns = new List<List<FactorRows>>();
        foreach (FactorRows part in parts)
        {
            List<FactorRows>? same = columns.Find(known => MayShare(known, part) && HaveSameDown(known[0].Layer, part.Layer));
            if (same is null)
            {
                columns.Add([part]);
            }
            else
            {
                same.Add(part);
            }
        }

        return [.. columns.Select(static rows => new FactorColumns(rows))];
    }

    private static bool Meet(RowSelection left, RowSelection right) =>
        left.Split != right.Split || left.IsWhole || left.Parts.Intersect(right.Parts).Any();

    private static bool MayShare(List<FactorRows> known, FactorRows part)
    {
        AdapterLayer first = known[0].Layer;
        return !ReferenceEquals(first, part.Layer)
            && first.Scale.Equals(part.Layer.Scale)
            && first.Down.Type == part.Layer.Down.Type
            && first.Down.Shape.SequenceEqual(part.Layer.Down.Shape)
            && known.SelectMany(static rows => rows.Runs).All(run => part.Runs.All(other => Disjoint(run, other)));
    }

    private static bool Disjoint(RowRun run, RowRun other) =>
        run.Target + run.Count <= other.Target || other.Target + other.Count <= run.Target;

    private bool HaveSameDown(AdapterLayer left, AdapterLayer right) =>
        adapter.File.Read(left.Down).AsSpan().SequenceEqual(adapter.File.Read(right.Down));

    // The rows of a selection, in the order in which they are stacked there.
    private static List<(int Start, int Count)> Segments(RowSelection rows, int[] heights) =>
        rows.IsWhole ? [(0, heights.Sum())] : [.. rows.Parts.Select(part => (heights.Take(part).Sum(), heights[part]))];

    private static IEnumerable<RowRun> Runs(List<(int Start, int Count)> source, List<(int Start, int Count)> target)
    {
        int targetRow = 0;
        foreach ((int start, int count) in target)
        {
            int sourceRow = 0;
            foreach ((int first, int length) in source)
            {
                int from = Math.Max(start, first);
                int to = Math.Min(start + count, first + length);
                if (from < to)
                {
                    yield return new RowRun(sourceRow + from - first, targetRow + from - start, to - from);
                }

                sourceRow += length;
            }

            targetRow += count;
        }
    }

    private static List<RowRun> Joined(List<RowRun> runs)
    {
        var joined = new List<RowRun>();
        foreach (RowRun run in runs)
        {
            RowRun last = joined.Count > 0 ? joined[^1] : default;
            if (joined.Count > 0 && last.Source + last.Count == run.Source && last.Target + last.Count == run.Target)
            {
                joined[^1] = last with { Count = last.Count + run.Count };
            }
            else
            {
                joined.Add(run);
            }
        }

        return joined;
    }

    private int[]? HeightsOf(RowSplit split, IReadOnlyList<AdapterLayer> sources)
    {
        int columns = (int)sources[0].Down.Shape[1];
        if (sources.FirstOrDefault(static layer => layer.Fused is not null)?.Fused is { } fused)
        {
            return [.. fused.Heights];
        }

        if (sources.FirstOrDefault(static layer => layer.Key.Rows.IsWhole || layer.Key.Rows.IsSwapped) is { } whole)
        {
            return RowSelection.HeightsOf(split, whole.OutFeatures, columns);
        }

        int?[] known = new int?[RowSelection.CountOf(split)];
        foreach (AdapterLayer layer in sources.Where(static layer => layer.Key.Rows.Count == 1))
        {
            known[layer.Key.Rows.First] = layer.OutFeatures;
        }

        // q, k and v of an attention with an MLP are as high as the weight is wide, and so is the q of a grouped attention.
        bool isWide = split is RowSplit.AttentionAndMlp or RowSplit.GroupedAttention;
        int? equal = isWide ? columns : known.FirstOrDefault(static height => height is not null);
        int?[] heights =
            split == RowSplit.AttentionAndMlp ? [columns, columns, columns, known[3] ?? MlpOf(sources[0], columns)]
            : split == RowSplit.GroupedAttention && (known[1] ?? known[2] ?? GroupedHeight(columns)) is var group ? [columns, group, group]
            : [.. known.Select(height => height ?? equal)];
        return Array.TrueForAll(heights, static height => height is not null)
            ? Array.ConvertAll(heights, static height => height!.Value)
            : null;
    }

    // The second layer reads the attention and the MLP side by side. Where the file lacks it: every model of this form has a ratio of 4.
    private int MlpOf(AdapterLayer layer, int columns)
    {
        string second = layer.Key.Path.Replace(FirstLinear, SecondLinear, StringComparison.Ordinal);
        return layers.FirstOrDefault(other => other.Key.Component == layer.Component && other.Key.Path == second) is { } found
            ? found.InFeatures - columns
            : RatioOfMlp * columns;
    }

    // Other blocks of the file have keys of the same height; those of Z-Image are as high as its queries.
    private int? GroupedHeight(int columns) =>
        layers.FirstOrDefault(layer =>
            layer.Key.Rows is { Split: RowSplit.GroupedAttention, First: > 0, Count: 1 } && layer.Down.Shape[1] == columns
        )
            is { } other
            ? other.OutFeatures
        : adapter.Architecture is ZImage ? columns
        : null;
}
