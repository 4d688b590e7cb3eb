using ResizeLora.Architectures;

namespace ResizeLora.Checkpoints;

/// <summary>One component of a base model: finds the weight that a module's name means, whole or in parts.</summary>
internal sealed class BaseComponent
{
    private readonly NameTable names;
    private readonly Dictionary<string, BaseTensor> whole = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Path, RowSplit Split), BaseTensor?[]> parts = [];
    private readonly HashSet<string> swapped = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> pathsByFullName = new(StringComparer.Ordinal);
    private readonly Func<string, bool, bool> isTransposed;

    /// <summary>Makes a component.</summary>
    /// <param name="component">What it is.</param>
    /// <param name="names">The names of its modules.</param>
    /// <param name="isTransposed">Whether a path is stored [in, out]; told also whether its name ends without <c>.weight</c>.</param>
    public BaseComponent(Component component, NameTable names, Func<string, bool, bool> isTransposed)
    {
        Component = component;
        this.names = names;
        this.isTransposed = isTransposed;
    }

    /// <summary>What it is.</summary>
    public Component Component { get; }

    /// <summary>The paths of all modules of which it has a weight.</summary>
    public IEnumerable<string> Paths => whole.Keys.Concat(parts.Keys.Select(static key => key.Path)).Distinct();

    /// <summary>Adds tensors; of two of one module the first counts.</summary>
    /// <param name="tensors">The tensors.</param>
    public void Add(IEnumerable<BaseTensor> tensors)
    {
        foreach (BaseTensor tensor in tensors)
        {
            (string path, RowSelection rows) = names.Resolve(tensor.Module);
            if (rows.IsWhole)
            {
                pathsByFullName.TryAdd(NameTable.Underscored(tensor.FullModule), path);
            }

            if (rows.IsWhole)
            {
                whole.TryAdd(path, tensor);
            }
            else if (!rows.IsSwapped && rows.Count == 1)
            {
                if (!parts.TryGetValue((path, rows.Split), out BaseTensor?[]? known))
                {
                    parts.Add((path, rows.Split), known = new BaseTensor?[RowSelection.CountOf(rows.Split)]);
                }

                known[rows.First] ??= tensor;
            }
            else
            {
                // norm_out of diffusers, whose halves stand the other way round.
                whole.TryAdd(path, tensor);
                swapped.Add(path);
            }
        }
    }

    /// <summary>Finds the weight that a module's name means.</summary>
    /// <param name="module">The name in any spelling, without the dialect's prefix.</param>
    /// <param name="part">The rows that are meant, where the name does not say it.</param>
    /// <returns>The path, the rows and where they lie; null when the base model has no such weight.</returns>
    public (string Path, RowSelection Rows, IReadOnlyList<WeightPart> Parts)? Find(string module, RowSelection? part)
    {
        (string path, RowSelection rows) = names.Resolve(module);
        rows = part ?? rows;
        if (FindRows(path, rows) is { } parts)
        {
            return (path, rows, parts);
        }

        // An adapter may name its modules together with the prefix that the base model's file has.
        return pathsByFullName.TryGetValue(NameTable.Underscored(module), out string? full) && FindRows(full, rows) is { } found
            ? (full, rows, found)
            : null;
    }

    /// <summary>Finds the rows that a layer changes.</summary>
    /// <param name="path">The module's path.</param>
    /// <param name="rows">Which of its rows.</param>
    /// <returns>The parts, or null when the base model has no such weight.</returns>
    public IReadOnlyList<WeightPart>? FindRows(string path, RowSelection rows)
    {
        if (whole.TryGetValue(path, out BaseTensor? tensor))
        {
            return FromWhole(tensor, path, rows);
        }

        foreach (RowSplit split in rows.IsWhole ? SplitsOf(path) : [rows.Split])
        {
            if (parts.TryGetValue((path, split), out BaseTensor?[]? known))
            {
                int[] wanted = rows.IsWhole ? [.. Enumerable.Range(0, known.Length)] : [.. rows.Parts];
                return Array.TrueForAll(wanted, part => known[part] is not null)
                    ? [.. wanted.Select(part => PartOf(known[part]!, path, 0, null))]
                    : null;
            }
        }

        return null;
    }

    /// <summary>The selections of a module's rows that adapters name: all of it, or its parts.</summary>
    /// <param name="path">The module's path.</param>
    /// <returns>The rows, each with the name that adapters use.</returns>
    public IEnumerable<(RowSelection Rows, string Name)> SelectionsOf(string path)
    {
        // Of the fused q, k and v of CLIP adapters name the parts alone.
        (RowSelection Rows, string Name)[] named = [.. names.PartsOf(path)];
        bool hasWhole = whole.ContainsKey(path) && !(Components.IsTextEncoder(Component) && named.Length > 0);
        return hasWhole ? [(default, path), .. named] : named;
    }

    private IEnumerable<RowSplit> SplitsOf(string path) => names.PartsOf(path).Select(static part => part.Rows.Split).Distinct();

    private WeightPart[]? FromWhole(BaseTensor tensor, string path, RowSelection rows)
    {
        WeightPart all = PartOf(tensor, path, 0, null);
        bool isSwapped = rows.IsSwapped != swapped.Contains(path);
        if (rows.IsWhole && !isSwapped)
        {
            return [all];
        }

        RowSelection wanted =
            isSwapped ? new RowSelection(RowSplit.Halves, 0, 2, IsSwapped: true)
            : rows.IsSwapped ? default
            : rows;
        if (wanted.IsWhole)
        {
            return [all];
        }

        int columns = (int)(tensor.Entry.ElementCount / all.Rows);
        if (RowSelection.HeightsOf(wanted.Split, all.Rows, columns) is not { } heights)
        {
            return null;
        }

        WeightPart[] found = [.. wanted.Parts.Select(part => PartOf(tensor, path, heights.Take(part).Sum(), heights[part]))];
        return wanted.IsSwapped || found.Length == 1 ? found : [found[0] with { Rows = found.Sum(static part => part.Rows) }];
    }

    private WeightPart PartOf(BaseTensor tensor, string path, int firstRow, int? rows)
    {
        bool transposed = tensor.Entry.Shape.Count == 2 && isTransposed(path, tensor.IsBare);
        return new WeightPart(
            tensor.File,
            tensor.Entry,
            tensor.Module,
            firstRow,
            rows ?? (int)tensor.Entry.Shape[transposed ? 1 : 0],
            transposed,
            tensor.Scale
        );
    }
}
