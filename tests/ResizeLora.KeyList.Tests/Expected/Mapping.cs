using System.Globalization;

namespace ResizeLora.KeyLists;

/// <summary>
/// Which weight a layer's name means, from lines such as <c>transformer_blocks.{i}.attn.to_q = double_blocks.{i}.img_attn.qkv[0/3,1/3]</c>.
/// Knows nothing of the engine: a name is looked up with underscores for dots.
/// </summary>
internal sealed class Mapping
{
    private const int MostBlocks = 64;

    private readonly Dictionary<string, Segment[]> aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(string Name, Segment Segment)>> spelled = new(StringComparer.Ordinal);

    /// <summary>Reads lines; what stands behind <c>#</c> is a remark, and <c>#!</c> begins names that no base model has.</summary>
    /// <param name="text">The lines.</param>
    public Mapping(string text)
    {
        bool isSpelling = true;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            isSpelling &= !line.StartsWith("#!", StringComparison.Ordinal);
            string[] sides = line.Split('#')[0].Split('=', StringSplitOptions.TrimEntries);
            if (sides.Length == 2)
            {
                int count = line.Contains("{i}", StringComparison.Ordinal) ? MostBlocks : 1;
                for (int block = 0; block < count; block++)
                {
                    string number = block.ToString(CultureInfo.InvariantCulture);
                    Add(
                        sides[0].Replace("{i}", number, StringComparison.Ordinal),
                        sides[1].Replace("{i}", number, StringComparison.Ordinal),
                        isSpelling
                    );
                }
            }
        }
    }

    /// <summary>Modules of a family that are stored transposed: their flat names.</summary>
    public static bool IsTransposed(string role, string module) => role == BaseRoles.ClipG && module == "text_projection";

    /// <summary>Joins a name with a base model.</summary>
    /// <param name="name">The layer's name without prefixes, dotted or not.</param>
    /// <param name="modules">The base model's modules.</param>
    /// <returns>The weights that are meant, one below the other; null where the base model lacks one.</returns>
    public IReadOnlyList<(string Module, RowShare Rows)>? Find(string name, IReadOnlyDictionary<string, List<BasePiece>> modules)
    {
        var found = new List<(string, RowShare)>();
        foreach (Segment segment in SegmentsOf(Flat(name)))
        {
            double reached = segment.Rows.From;
            foreach (BasePiece piece in modules.GetValueOrDefault(segment.Native) ?? [])
            {
                double from = Math.Max(segment.Rows.From, piece.Rows.From);
                double to = Math.Min(segment.Rows.To, piece.Rows.To);
                if (to - from > 1e-9 && Math.Abs(from - reached) < 1e-9)
                {
                    double OfModule(double share) =>
                        piece.InModule.From
                        + ((share - piece.Rows.From) / (piece.Rows.To - piece.Rows.From) * (piece.InModule.To - piece.InModule.From));
                    found.Add((piece.Module, new RowShare(OfModule(from), OfModule(to))));
                    reached = to;
                }
            }

            if (Math.Abs(reached - segment.Rows.To) > 1e-9)
            {
                return null;
            }
        }

        return found;
    }

    /// <summary>A base model's modules by what they are in the family's own words.</summary>
    /// <param name="modules">The modules.</param>
    public IReadOnlyDictionary<string, List<BasePiece>> Index(IEnumerable<string> modules)
    {
        var index = new Dictionary<string, List<BasePiece>>(StringComparer.Ordinal);
        foreach (string module in modules)
        {
            Segment[] segments = SegmentsOf(Flat(module));
            double all = segments.Sum(static segment => segment.Rows.To - segment.Rows.From);
            double reached = 0;
            foreach (Segment segment in segments)
            {
                double share = (segment.Rows.To - segment.Rows.From) / all;
                if (!index.TryGetValue(segment.Native, out List<BasePiece>? pieces))
                {
                    index.Add(segment.Native, pieces = []);
                }

                pieces.Add(new BasePiece(module, segment.Rows, new RowShare(reached, reached + share)));
                reached += share;
            }
        }

        foreach (List<BasePiece> pieces in index.Values)
        {
            pieces.Sort(static (left, right) => left.Rows.From.CompareTo(right.Rows.From));
        }

        return index;
    }

    /// <summary>A module of the family's own list in its other spelling.</summary>
    /// <param name="module">The module.</param>
    /// <returns>Its names, each with the rows that it has, in the order of the rows; the module itself where it has no other name.</returns>
    public IReadOnlyList<(string Name, RowShare Rows)> OtherSpelling(string module) =>
        spelled.TryGetValue(Flat(module), out List<(string Name, Segment Segment)>? names)
            ? [.. names.Select(static name => (name.Name, name.Segment.Rows))]
            : [(module, new RowShare(0, 1))];

    /// <summary>The names of parts, behind <c>#!</c>, of a module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="ending">Which of the names, such as <c>.0</c>.</param>
    public IEnumerable<(string Name, RowShare Rows)> ExtraNames(string module, Func<string, bool> ending) =>
        extra.GetValueOrDefault(Flat(module))?.Where(name => ending(name.Name)).Select(static name => (name.Name, name.Segment.Rows)) ?? [];

    private readonly Dictionary<string, List<(string Name, Segment Segment)>> extra = new(StringComparer.Ordinal);

    private static string Flat(string name) => name.Replace('.', '_');

    private static Segment Parse(string text)
    {
        int bracket = text.IndexOf('[', StringComparison.Ordinal);
        if (bracket < 0)
        {
            return new Segment(Flat(text), new RowShare(0, 1));
        }

        double[] ends = [.. text[(bracket + 1)..^1].Split(',').Select(Number)];
        return new Segment(Flat(text[..bracket]), new RowShare(ends[0], ends[1]));
    }

    private static double Number(string text)
    {
        double[] parts = [.. text.Split('/').Select(static part => double.Parse(part, CultureInfo.InvariantCulture))];
        return parts.Length == 2 ? parts[0] / parts[1] : parts[0];
    }

    private Segment[] SegmentsOf(string flat) => aliases.GetValueOrDefault(flat) ?? [new Segment(flat, new RowShare(0, 1))];

    private void Add(string alias, string native, bool isSpelling)
    {
        Segment[] segments = [.. native.Split('+', StringSplitOptions.TrimEntries).Select(Parse)];
        if (!aliases.TryAdd(Flat(alias), segments))
        {
            throw new InvalidOperationException($"'{alias}' stands twice.");
        }

        Dictionary<string, List<(string, Segment)>> names = isSpelling ? spelled : extra;
        string key = segments[0].Native;
        if (!names.TryGetValue(key, out List<(string, Segment)>? known))
        {
            names.Add(key, known = []);
        }

        known.Add((alias, segments.Length == 1 ? segments[0] : new Segment(key, new RowShare(0, 1))));
    }

    private sealed record Segment(string Native, RowShare Rows);
}

/// <summary>A base model's module, and what it is of a module in the family's own words.</summary>
/// <param name="Module">The module.</param>
/// <param name="Rows">The rows of the family's module.</param>
/// <param name="InModule">The rows of the base model's module that hold them.</param>
internal sealed record BasePiece(string Module, RowShare Rows, RowShare InModule);
