using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ResizeLora.Adapters;

namespace ResizeLora.Files;

/// <summary>
/// Says what a file is that has the name of a safetensors file and is none: what downloads leave behind, and other formats
/// under another name. Looks at the first bytes only.
/// </summary>
internal static partial class ForeignContent
{
    /// <summary>How many bytes are looked at.</summary>
    public const int SampleLength = 4096;

    private const string Again = "Download it again";
    private const string Gguf = "it is a GGUF file, a model quantised for other programs.";
    private const string Picture = $"it is a picture, such as the preview beside a model. {Again}, the model itself.";

    // Control characters, and what takes the place of bytes that are not UTF-8.
    private static readonly SearchValues<char> NotText = SearchValues.Create([
        .. Enumerable.Range(0, 32).Select(static code => (char)code).Except(['\t', '\n', '\r', '\f']),
        '\u007F',
        '\uFFFD',
    ]);

    // The first bytes of formats that people give the wrong name, or download in place of the file.
    private static readonly (byte[] Start, SafetensorsDefect Defect, string Text)[] Formats =
    [
        ("GGUF"u8.ToArray(), SafetensorsDefect.Gguf, $"{Gguf} Use the safetensors file of the same model."),
        ([0x1F, 0x8B], SafetensorsDefect.Archive, "it is packed with gzip. Unpack it first."),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], SafetensorsDefect.Archive, "it is a 7z archive. Unpack it first."),
        ("Rar!"u8.ToArray(), SafetensorsDefect.Archive, "it is a rar archive. Unpack it first."),
        ([0x89, .. "PNG"u8], SafetensorsDefect.Picture, Picture),
        ([0xFF, 0xD8, 0xFF], SafetensorsDefect.Picture, Picture),
        ("RIFF"u8.ToArray(), SafetensorsDefect.Picture, Picture),
    ];

    /// <summary>Recognises the content of a file.</summary>
    /// <param name="start">The first bytes, up to <see cref="SampleLength"/> of them.</param>
    /// <param name="length">The size of the file.</param>
    /// <returns>What it is and what to do, to follow "is not a usable safetensors file:"; null when it is nothing that is known.</returns>
    public static (SafetensorsDefect Defect, string Text)? Recognise(ReadOnlySpan<byte> start, long length)
    {
        foreach ((byte[] begin, SafetensorsDefect defect, string text) in Formats)
        {
            if (start.StartsWith(begin))
            {
                return (defect, text);
            }
        }

        const string Convert = "which can run code when it is read. Convert it to safetensors first, with a tool that you trust.";
        if (start.StartsWith("PK\u0003\u0004"u8))
        {
            return start.IndexOf("/data.pkl"u8) >= 0
                ? (SafetensorsDefect.Pickle, $"it is a PyTorch pickle under another name, {Convert}")
                : (SafetensorsDefect.Archive, "it is a zip archive. Unpack it first; the LoRA may be inside.");
        }

        if (start is [0x80, >= 2 and <= 5, ..])
        {
            return (SafetensorsDefect.Pickle, $"it is a Python pickle under another name, {Convert}");
        }

        if (length >= sizeof(ulong) && start.IndexOfAnyExcept((byte)0) < 0)
        {
            return (SafetensorsDefect.Zeros, $"it begins with zeros: room was made for it, and the data never came. {Again}.");
        }

        return ReadText(start) is { } content ? RecogniseText(content, isWhole: start.Length == length) : null;
    }

    private static (SafetensorsDefect Defect, string Text) RecogniseText(string content, bool isWhole)
    {
        const string LogIn = $"{Again} while logged in, or with an access token.";
        if (content.StartsWith("version https://git-lfs", StringComparison.Ordinal))
        {
            ReadOnlySpan<char> number = LfsSizePattern().Match(content).Groups["size"].ValueSpan;
            bool isSized = long.TryParse(number, CultureInfo.InvariantCulture, out long bytes);
            string size = isSized ? string.Create(CultureInfo.InvariantCulture, $" of {bytes:N0} bytes") : string.Empty;
            return (
                SafetensorsDefect.LfsPointer,
                $"it is a git-LFS pointer, the place-holder of a file{size} that was not fetched. "
                    + "Run 'git lfs pull' in its repository, or download the file itself."
            );
        }

        if (content[0] == '<')
        {
            string title = Quoted(TitlePattern().Match(content).Groups["title"].Value) is { } found
                ? $" with the title {found}"
                : string.Empty;
            return (
                SafetensorsDefect.HtmlPage,
                $"it is a web page{title}, which a server sends in place of a file that needs a login or is gone. {LogIn}"
            );
        }

        if (content[0] is '{' or '[')
        {
            string answer = isWhole && Quoted(MessageIn(content)) is { } found ? $" ({found})" : string.Empty;
            return (SafetensorsDefect.JsonText, $"it is a JSON text, as a server sends it in place of a file{answer}. {LogIn}");
        }

        string line = Quoted(content.Split('\n')[0]) ?? "with signs that cannot be shown";
        return (SafetensorsDefect.PlainText, $"it is a text that begins {line}, perhaps a server's answer in place of the file. {Again}.");
    }

    // Nothing but text has a whole sample without control characters; what is cut off at its end may be half a character.
    private static string? ReadText(ReadOnlySpan<byte> start)
    {
        string text = Encoding.UTF8.GetString(start).TrimStart('\uFEFF').Trim();
        return text.Length > 0 && !text.AsSpan(0, Math.Max(1, text.Length - 3)).ContainsAny(NotText) ? text : null;
    }

    private static string? MessageIn(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return ((string[])["message", "error", "detail"])
                .Select(key => root.ValueKind == JsonValueKind.Object && root.TryGetProperty(key, out JsonElement value) ? value : default)
                .Select(static value => value.ValueKind == JsonValueKind.String ? value.GetString() : null)
                .FirstOrDefault(static text => text is not null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Quoted(string? text) => TrainerText.Clean(text, longest: 120) is { } clean ? $"'{clean}'" : null;

    [GeneratedRegex("^size (?<size>[0-9]{1,18})\\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex LfsSizePattern();

    [GeneratedRegex("<title[^>]*>(?<title>[^<]{1,500})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TitlePattern();
}
