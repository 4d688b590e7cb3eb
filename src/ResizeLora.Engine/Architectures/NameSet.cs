using System.Globalization;
using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>The names of a file's layers or weights, without prefixes, to recognise its architecture by.</summary>
/// <param name="weights">The names with what is known of their shapes.</param>
internal sealed class NameSet(IEnumerable<NamedWeight> weights)
{
    // All names, a line each: one search instead of thousands.
    private string? text;

    /// <summary>The weights; names are underscored and have an underscore at both ends.</summary>
    public IReadOnlyList<NamedWeight> Weights { get; } =
    [.. weights.Select(static weight => weight with { Name = $"_{NameTable.Underscored(weight.Name)}_" })];

    /// <summary>Whether one of the names holds consecutive parts, such as <c>double_blocks.0.img_attn</c>.</summary>
    /// <param name="parts">The parts, dotted or underscored.</param>
    public bool Has(string parts)
    {
        text ??= string.Join('\n', Weights.Select(static weight => weight.Name));
        return text.Contains($"_{parts.Replace('.', '_')}_", StringComparison.Ordinal);
    }

    /// <summary>Whether one of several is there.</summary>
    /// <param name="parts">Each as in <see cref="Has"/>.</param>
    public bool HasAny(params string[] parts) => parts.Any(Has);

    /// <summary>Whether a name fits a pattern.</summary>
    /// <param name="pattern">For names with an underscore for every divider and at both ends, such as <c>_blocks_0_attn1_to_q_</c>.</param>
    public bool Matches(Regex pattern) => Weights.Any(weight => pattern.IsMatch(weight.Name));

    /// <summary>How many modules a list at the top has, as far as these names show: one more than the highest number.</summary>
    /// <param name="list">The list, such as <c>transformer_blocks</c>.</param>
    public int CountOf(string list)
    {
        string start = $"_{list}_";
        int count = 0;
        foreach (NamedWeight weight in Weights)
        {
            if (weight.Name.StartsWith(start, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> rest = weight.Name.AsSpan(start.Length);
                int end = rest.IndexOf('_');
                if (end > 0 && int.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                {
                    count = Math.Max(count, number + 1);
                }
            }
        }

        return count;
    }

    /// <summary>Whether a weight has a proportion of rows to columns, which narrow test files share with real ones.</summary>
    /// <param name="pattern">For the weight's name.</param>
    /// <param name="rows">The rows, divided by what they share with the columns.</param>
    /// <param name="columns">The columns, likewise.</param>
    public bool HasProportion(Regex pattern, int rows, int columns) =>
        Weights.Any(weight => weight is { Out: > 0, In: > 0 } && weight.Out * columns == weight.In * rows && pattern.IsMatch(weight.Name));
}

/// <summary>A layer or a weight with its sides, where they are known.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Out">The rows.</param>
/// <param name="In">The columns.</param>
internal readonly record struct NamedWeight(string Name, long? Out, long? In);
