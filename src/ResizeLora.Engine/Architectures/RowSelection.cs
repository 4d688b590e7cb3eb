namespace ResizeLora.Architectures;

/// <summary>How a fused weight stacks several projections, one below the other.</summary>
public enum RowSplit
{
    /// <summary>It is one projection.</summary>
    None,

    /// <summary>Two of equal height: gate and up, keys and values, shift and scale.</summary>
    Halves,

    /// <summary>Three of equal height: q, k and v.</summary>
    Thirds,

    /// <summary>q, as high as the weight is wide, then k and v, which share the rest: <c>attention.qkv</c> of Lumina 2.</summary>
    GroupedAttention,

    /// <summary>q, k and v, each as high as the weight is wide, then an MLP: <c>single_blocks.0.linear1</c> of Flux.</summary>
    AttentionAndMlp,
}

/// <summary>Some consecutive parts of a fused weight.</summary>
/// <param name="Split">How the weight is divided; None for all of it.</param>
/// <param name="First">The first part, counted from 0.</param>
/// <param name="Count">How many parts.</param>
/// <param name="IsSwapped">Whether two halves come in the other order, as in <c>norm_out.linear</c> of diffusers.</param>
public readonly record struct RowSelection(RowSplit Split, int First, int Count, bool IsSwapped = false)
{
    /// <summary>Whether the whole weight is meant.</summary>
    public bool IsWhole => Split == RowSplit.None;

    /// <summary>The parts in the order in which they are stacked.</summary>
    internal IEnumerable<int> Parts => IsSwapped ? Enumerable.Range(First, Count).Reverse() : Enumerable.Range(First, Count);

    /// <summary>The heights of the parts of a weight.</summary>
    /// <param name="split">How it is divided.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns; of a convolution its input channels.</param>
    /// <returns>The heights, or null where the weight cannot be divided so.</returns>
    internal static int[]? HeightsOf(RowSplit split, int rows, int columns)
    {
        int[] heights = split switch
        {
            RowSplit.Halves => [rows / 2, rows / 2],
            RowSplit.Thirds => [rows / 3, rows / 3, rows / 3],
            RowSplit.GroupedAttention => [columns, (rows - columns) / 2, (rows - columns) / 2],
            RowSplit.AttentionAndMlp => [columns, columns, columns, rows - (3 * columns)],
            _ => [rows],
        };
        return heights.Sum() == rows && Array.TrueForAll(heights, static height => height > 0) ? heights : null;
    }

    /// <summary>How many parts a weight divided so has.</summary>
    /// <param name="split">How it is divided.</param>
    internal static int CountOf(RowSplit split) =>
        split switch
        {
            RowSplit.None => 1,
            RowSplit.Halves => 2,
            RowSplit.AttentionAndMlp => 4,
            _ => 3,
        };

    /// <summary>The parts' numbers.</summary>
    public override string ToString() => IsWhole ? "all" : string.Join(',', Parts);
}
