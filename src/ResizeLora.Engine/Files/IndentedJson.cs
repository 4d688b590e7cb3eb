using System.Text.Encodings.Web;
using System.Text.Json;

namespace ResizeLora.Files;

/// <summary>JSON for people to read: the same bytes on every system, though .NET ends lines as the system does.</summary>
internal static class IndentedJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a value.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="value">The value.</param>
    public static string Of<T>(T value) =>
        // Line ends within strings are escaped, so that these stand between values.
        JsonSerializer.Serialize(value, Options).Replace("\r\n", "\n", StringComparison.Ordinal);
}
