namespace ResizeLora.Architectures;

/// <summary>
/// Another name of a module, or of some rows of it. Names are templates: <c>{i}</c> stands for a number, <c>{*}</c> at the end for
/// the rest of the name; <c>.</c> and <c>_</c> are the same.
/// </summary>
/// <param name="Native">The module in the words of the architecture, such as <c>double_blocks.{i}.img_attn.qkv</c>.</param>
/// <param name="Rows">The rows that the other name means.</param>
/// <param name="Name">The other name, such as <c>transformer_blocks.{i}.attn.to_q</c>.</param>
internal sealed record Alias(string Native, RowSelection Rows, string Name)
{
    /// <summary>Other names of a whole module.</summary>
    /// <param name="native">The module.</param>
    /// <param name="names">Its other names.</param>
    public static IEnumerable<Alias> Same(string native, params string[] names) => names.Select(name => new Alias(native, default, name));

    /// <summary>Names of the parts of a fused module, in the order in which they are stacked.</summary>
    /// <param name="native">The module.</param>
    /// <param name="split">How it is divided.</param>
    /// <param name="names">One name for each part.</param>
    public static IEnumerable<Alias> Parts(string native, RowSplit split, params string[] names) =>
        names.Select((name, part) => new Alias(native, new RowSelection(split, part, 1), name));

    /// <summary>OneTrainer's names of the parts of a fused module: the module's with a number behind it, such as <c>qkv.0</c>.</summary>
    /// <param name="native">The module.</param>
    /// <param name="split">How it is divided.</param>
    public static IEnumerable<Alias> Numbered(string native, RowSplit split) =>
        Enumerable
            .Range(0, RowSelection.CountOf(split))
            .Select(part => new Alias(native, new RowSelection(split, part, 1), FormattableString.Invariant($"{native}.{part}")));

    /// <summary>A name for the first parts of a fused module.</summary>
    /// <param name="native">The module.</param>
    /// <param name="split">How it is divided.</param>
    /// <param name="count">How many parts.</param>
    /// <param name="name">The name.</param>
    public static Alias FirstRows(string native, RowSplit split, int count, string name) =>
        new(native, new RowSelection(split, 0, count), name);

    /// <summary>A name for a module whose halves are stacked in the other order there.</summary>
    /// <param name="native">The module.</param>
    /// <param name="name">The other name.</param>
    public static Alias Swapped(string native, string name) => new(native, new RowSelection(RowSplit.Halves, 0, 2, IsSwapped: true), name);
}
