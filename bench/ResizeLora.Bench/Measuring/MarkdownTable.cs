using System.Globalization;
using System.Text;

namespace ResizeLora.Bench.Measuring;

/// <summary>A table of figures; its last two rows name the processor.</summary>
internal sealed class MarkdownTable
{
    private readonly StringBuilder text = new();
    private readonly int columns;

    /// <summary>Starts a table.</summary>
    /// <param name="headings">The headings: of texts first, then of numbers.</param>
    /// <param name="textColumns">How many columns hold texts.</param>
    public MarkdownTable(IReadOnlyList<string> headings, int textColumns = 1)
    {
        columns = headings.Count;
        Append(text, headings);
        Append(text, headings.Select((_, index) => index < textColumns ? "---" : "---:"));
    }

    /// <summary>Adds a row.</summary>
    /// <param name="cells">Its cells, formatted without regard to the language.</param>
    public void AddRow(params FormattableString[] cells) => Append(text, cells.Select(FormattableString.Invariant));

    /// <inheritdoc/>
    public override string ToString()
    {
        var whole = new StringBuilder(text.ToString());
        foreach ((string name, string value) in Machine.Processor)
        {
            IEnumerable<string> cells =
                columns > 2 ? [name, value, .. Enumerable.Repeat(string.Empty, columns - 2)] : [$"{name}: {value}", string.Empty];
            Append(whole, cells);
        }

        return whole.ToString();
    }

    private static void Append(StringBuilder destination, IEnumerable<string> cells) =>
        destination.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
}
