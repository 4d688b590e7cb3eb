using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.Host.Terminal;

/// <summary>Renders one activity as one line: what, how far, how long still.</summary>
internal static class ProgressLine
{
    private const int BarWidth = 20;
    private const string Ellipsis = "…";

    /// <summary>The line of <paramref name="record"/>, never wider than <paramref name="width"/>.</summary>
    public static string Render(ProgressRecord record, int depth, int width)
    {
        string figures = Figures(record);
        string words = new string(' ', 2 * depth) + Words(record);
        int room = width - figures.Length;
        if (words.Length > room)
        {
            words = room > Ellipsis.Length ? words[..(room - Ellipsis.Length)] + Ellipsis : string.Empty;
        }

        string line = words + figures;
        return line.Length > width ? line[..Math.Max(width, 0)] : line;
    }

    private static string Words(ProgressRecord record)
    {
        string[] parts = [record.Activity, record.StatusDescription, record.CurrentOperation];
        return string.Join("  ", parts.Where(part => !string.IsNullOrWhiteSpace(part)).Select(OnOneLine));
    }

    private static string Figures(ProgressRecord record)
    {
        string figures = string.Empty;
        if (record.PercentComplete >= 0)
        {
            int percent = Math.Min(record.PercentComplete, 100);
            int filled = percent * BarWidth / 100;
            figures += string.Create(
                CultureInfo.InvariantCulture,
                $"  [{new string('=', filled)}{new string(' ', BarWidth - filled)}] {percent,3}%");
        }

        if (record.SecondsRemaining >= 0)
        {
            var left = TimeSpan.FromSeconds(record.SecondsRemaining);
            figures += left.TotalHours >= 1
                ? string.Create(CultureInfo.InvariantCulture, $"  {(int)left.TotalHours}:{left:mm\\:ss} left")
                : string.Create(CultureInfo.InvariantCulture, $"  {left:m\\:ss} left");
        }

        return figures;
    }

    private static string OnOneLine(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ').Replace("\e", string.Empty, StringComparison.Ordinal);
}
