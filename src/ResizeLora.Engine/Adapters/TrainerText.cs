using System.Globalization;

namespace ResizeLora.Adapters;

/// <summary>
/// Makes text out of a stranger's metadata fit to be shown: one line, nothing that steers a terminal, and never at length.
/// </summary>
internal static class TrainerText
{
    /// <summary>Cleans a text.</summary>
    /// <param name="text">The text as it stands in the file.</param>
    /// <param name="longest">The most characters that are kept.</param>
    /// <returns>The cleaned text, or null when nothing is left.</returns>
    public static string? Clean(string? text, int longest = 120)
    {
        if (text is null)
        {
            return null;
        }

        // What is cut off is never looked at: a value may be a hundred million characters long.
        string shown = string.Concat(text.AsSpan(0, Math.Min(text.Length, 4 * longest)).ToString().Where(IsShown)).Trim();
        if (shown.Length > longest)
        {
            shown = $"{shown[..(char.IsHighSurrogate(shown[longest - 1]) ? longest - 1 : longest)]}…";
        }

        return shown.Length == 0 ? null : shown;
    }

    private static bool IsShown(char character) =>
        char.GetUnicodeCategory(character)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
            );
}
