using System.Text;

namespace ResizeLora.Architectures;

/// <summary>
/// Finds what a module's name means among templates. Names are compared part by part, where <c>.</c> and <c>_</c> divide alike, so that
/// an underscored name needs no guess at its dots.
/// </summary>
internal sealed class NameTable
{
    private const string Number = "{i}";
    private const string Rest = "{*}";
    private static readonly char[] Dividers = ['.', '_'];

    private readonly Node aliases = new();
    private readonly Node natives = new();

    /// <summary>Makes a table.</summary>
    /// <param name="known">The aliases; of two that fit the same name the first counts.</param>
    public NameTable(IEnumerable<Alias> known)
    {
        foreach (Alias alias in known)
        {
            Add(aliases, alias.Name, alias);
            if (alias.Rows.Count == 1)
            {
                Add(natives, alias.Native, alias);
            }
        }
    }

    /// <summary>A name with <c>_</c> for every divider; doubled ones count once.</summary>
    /// <param name="name">The name.</param>
    public static string Underscored(string name)
    {
        // Almost every name has single dividers, and needs no division into parts.
        string plain = name.Replace('.', '_');
        return plain.Contains("__", StringComparison.Ordinal) || plain.StartsWith('_') || plain.EndsWith('_')
            ? string.Join('_', Divide(name))
            : plain;
    }

    /// <summary>The module that a name means, and which rows of it.</summary>
    /// <param name="name">The name, dotted or underscored.</param>
    /// <returns>The path in the architecture's own words; a name without an alias stays what it is.</returns>
    public (string Path, RowSelection Rows) Resolve(string name)
    {
        string[] parts = Divide(name);
        var captured = new List<string>();
        return Match(aliases, parts, 0, captured) is { } found
            ? (Fill(found.Aliases[0].Native, captured), found.Aliases[0].Rows)
            : (string.Join('_', parts), default);
    }

    /// <summary>The aliases of a name, those of one template, with what its placeholders stand for.</summary>
    /// <param name="name">The name, dotted or underscored.</param>
    /// <returns>The aliases and the captured parts, underscored; null for a name without an alias.</returns>
    public (IReadOnlyList<Alias> Aliases, IReadOnlyList<string> Captured)? Find(string name)
    {
        var captured = new List<string>();
        return Match(aliases, Divide(name), 0, captured) is { } found ? (found.Aliases, captured) : null;
    }

    /// <summary>The names of a fused module's parts.</summary>
    /// <param name="path">The module's path.</param>
    /// <returns>For each part its rows and its first name, underscored; none for a module that is not fused.</returns>
    public IEnumerable<(RowSelection Rows, string Name)> PartsOf(string path)
    {
        var captured = new List<string>();
        return Match(natives, Divide(path), 0, captured) is { } found
            ? found.Aliases.DistinctBy(static alias => alias.Rows).Select(alias => (alias.Rows, Fill(alias.Name, captured)))
            : [];
    }

    private static string[] Divide(string name) => name.Split(Dividers, StringSplitOptions.RemoveEmptyEntries);

    private static void Add(Node root, string template, Alias alias)
    {
        Node node = root;
        foreach (string part in Divide(template))
        {
            node = part switch
            {
                Number => node.Number ??= new Node(),
                Rest => node.Rest ??= new Node(),
                _ => node.Literal(part),
            };
        }

        node.Aliases.Add(alias);
    }

    private static Node? Match(Node node, string[] parts, int index, List<string> captured)
    {
        if (index == parts.Length)
        {
            return node.Aliases.Count > 0 ? node : null;
        }

        string part = parts[index];
        int count = captured.Count;
        if (node.Find(part) is { } literal && Match(literal, parts, index + 1, captured) is { } found)
        {
            return found;
        }

        captured.RemoveRange(count, captured.Count - count);
        if (node.Number is { } number && part.All(char.IsAsciiDigit))
        {
            captured.Add(part);
            if (Match(number, parts, index + 1, captured) is { } numbered)
            {
                return numbered;
            }

            captured.RemoveRange(count, captured.Count - count);
        }

        if (node.Rest is { } rest)
        {
            captured.Add(string.Join('_', parts, index, parts.Length - index));
            return rest;
        }

        return null;
    }

    private static string Fill(string template, List<string> captured)
    {
        var path = new StringBuilder();
        int next = 0;
        foreach (string part in Divide(template))
        {
            path.Append(path.Length > 0 ? "_" : string.Empty).Append(part is Number or Rest ? captured[next++] : part);
        }

        return path.ToString();
    }

    private sealed class Node
    {
        private Dictionary<string, Node>? literals;

        public Node? Number { get; set; }

        public Node? Rest { get; set; }

        public List<Alias> Aliases { get; } = [];

        public Node? Find(string part) => literals?.GetValueOrDefault(part);

        public Node Literal(string part)
        {
            literals ??= new Dictionary<string, Node>(StringComparer.Ordinal);
            if (!literals.TryGetValue(part, out Node? node))
            {
                literals.Add(part, node = new Node());
            }

            return node;
        }
    }
}
