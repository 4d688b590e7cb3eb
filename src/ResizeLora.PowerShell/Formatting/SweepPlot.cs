namespace ResizeLora.PowerShell.Formatting;

/// <summary>A plot of size against error in lines of text, with one mark for each measurement.</summary>
internal static class SweepPlot
{
    private const int Rows = 8;
    private const int MostColumns = 60;
    private const int FewestColumns = 16;

    // "  79.7 |" before the plot.
    private const int LabelWidth = 6;

    /// <summary>Draws the plot.</summary>
    /// <param name="points">Lengths in bytes, and errors as shares of 1.</param>
    /// <param name="width">The width of the console.</param>
    /// <param name="isUnicode">Whether half blocks can be shown, which are twice as fine as characters of ASCII.</param>
    public static IReadOnlyList<string> Draw(IReadOnlyList<(long Length, double Error)> points, int width, bool isUnicode)
    {
        int columns = Math.Clamp(width - LabelWidth - 4, FewestColumns, MostColumns);
        int levels = isUnicode ? 2 * Rows : Rows;
        (double smallest, double largest) = (points.Min(static point => point.Length), points.Max(static point => point.Length));
        (double best, double worst) = (points.Min(static point => point.Error), points.Max(static point => point.Error));
        bool[,] marks = new bool[levels, columns];
        foreach ((long length, double error) in points)
        {
            marks[PlaceOf(worst - error, worst - best, levels), PlaceOf(length - smallest, largest - smallest, columns)] = true;
        }

        (char side, char corner, char floor) = isUnicode ? ('│', '└', '─') : ('|', '+', '-');
        string format = FormatFor(100 * (worst - best));
        int highest = best < worst ? 0 : Rows / 2;
        string LabelOf(int row) =>
            row == highest ? ViewText.Percent(worst, format)
            : row == Rows - 1 && best < worst ? ViewText.Percent(best, format)
            : string.Empty;
        string RowOf(int row) =>
            string.Concat(Enumerable.Range(0, columns).Select(column => Mark(marks, row, column, isUnicode))).TrimEnd();
        return
        [
            "Error%".PadLeft(LabelWidth),
            .. Enumerable.Range(0, Rows).Select(row => $"{LabelOf(row), LabelWidth} {side}{RowOf(row)}"),
            $"{new string(' ', LabelWidth)} {corner}{new string(floor, columns)}",
            new string(' ', LabelWidth + 2) + Sizes(smallest, largest, columns),
        ];
    }

    // Values that are all the same lie in the middle.
    private static int PlaceOf(double distance, double range, int count) =>
        range > 0 ? (int)Math.Round(distance / range * (count - 1)) : count / 2;

    private static char Mark(bool[,] marks, int row, int column, bool isUnicode)
    {
        if (!isUnicode)
        {
            return marks[row, column] ? '*' : ' ';
        }

        return (marks[2 * row, column], marks[(2 * row) + 1, column]) switch
        {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            _ => ' ',
        };
    }

    private static string Sizes(double smallest, double largest, int columns)
    {
        (string left, string right) = (ViewText.Mebibytes((long)smallest), ViewText.Mebibytes((long)largest));
        if (smallest == largest)
        {
            return $"{left} MiB".PadLeft((columns + left.Length) / 2);
        }

        (left, right) = left == right ? (Precise(smallest), Precise(largest)) : (left, right);
        return $"{left} MiB{$"{right} MiB".PadLeft(columns - left.Length - 4)}";
    }

    private static string Precise(double bytes) => ViewText.Number(bytes / (1 << 20), "0.00000");

    // With as many decimals as tell the ends apart.
    private static string FormatFor(double range) =>
        range >= 1 || range == 0 ? "0.0"
        : range >= 0.1 ? "0.00"
        : "0.000";
}
