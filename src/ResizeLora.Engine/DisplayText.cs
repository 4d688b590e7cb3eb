using System.Globalization;
using System.Text;

namespace ResizeLora;

/// <summary>
/// Text that is shown to people. Names inside files are anybody's: with control characters they could move the cursor,
/// change the window's title or hide what follows, and with those that turn the direction of writing pass for other names.
/// </summary>
internal static class DisplayText
{
    /// <summary>The text with such characters spelled out, as <c>\u001b</c>.</summary>
    /// <param name="text">The text.</param>
    public static string Of(string text)
    {
        if (!text.Any(IsHarmful))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (char character in text)
        {
            _ = IsHarmful(character) ? shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}") : shown.Append(character);
        }

        return shown.ToString();
    }

    private static bool IsHarmful(char character) =>
        (char.IsControl(character) && character is not ('\n' or '\r' or '\t'))
        || character is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
