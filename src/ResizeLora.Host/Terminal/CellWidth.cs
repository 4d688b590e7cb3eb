namespace ResizeLora.Host.Terminal;

/// <summary>How many cells of the terminal a character takes: two for the wide East Asian ones.</summary>
internal static class CellWidth
{
    // From Unicode's EastAsianWidth.txt, joined: Hangul, CJK, Yi, compatibility and full-width forms.
    private static readonly (char First, char Last)[] Wide =
    [
        ('\u1100', '\u115F'),
        ('\u2E80', '\u303E'),
        ('\u3041', '\uA4CF'),
        ('\uAC00', '\uD7A3'),
        ('\uF900', '\uFAFF'),
        ('\uFE30', '\uFE6F'),
        ('\uFF00', '\uFF60'),
        ('\uFFE0', '\uFFE6'),
    ];

    /// <summary>The cells of one character.</summary>
    public static int Of(char character)
    {
        foreach ((char first, char last) in Wide)
        {
            if (character >= first && character <= last)
            {
                return 2;
            }
        }

        return 1;
    }
}
