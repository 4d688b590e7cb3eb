using System.Globalization;
using System.Text;

namespace ResizeLora.Files;

/// <summary>
/// JSON strings as serde_json writes them (only the quote, the backslash and control characters are escaped), because
/// System.Text.Json escapes more and the header is compared byte for byte with what the safetensors library writes.
/// </summary>
internal static class HeaderText
{
    /// <summary>The bytes that a quoted string takes.</summary>
    /// <param name="text">The string.</param>
    public static int ByteLengthOf(string text) => Encoding.UTF8.GetByteCount(AppendString(new StringBuilder(), text).ToString());

    /// <summary>Appends a quoted string.</summary>
    public static StringBuilder AppendString(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char character in text)
        {
            _ = character switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => json.Append(character),
            };
        }

        return json.Append('"');
    }
}
