using System.Text;

namespace ResizeLora.PowerShell.Formatting;

/// <summary>What the console can show.</summary>
internal static class ConsoleText
{
    private const int Utf8 = 65001;
    private const int Utf16 = 1200;

    /// <summary>Whether characters beyond ASCII reach the screen as they are.</summary>
    public static bool IsUnicode => IsUnicodeEncoding(Console.OutputEncoding) && (OperatingSystem.IsWindows() || IsUnicodeLocale());

    private static bool IsUnicodeEncoding(Encoding encoding) => encoding.CodePage is Utf8 or Utf16;

    // .NET takes a locale without a named encoding, C among them, for UTF-8; the terminal need not.
    private static bool IsUnicodeLocale()
    {
        string locale =
            ((string[])["LC_ALL", "LC_CTYPE", "LANG"])
                .Select(Environment.GetEnvironmentVariable)
                .FirstOrDefault(static value => !string.IsNullOrEmpty(value))
            ?? "C";
        return locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("UTF8", StringComparison.OrdinalIgnoreCase);
    }
}
