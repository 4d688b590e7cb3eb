using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Makes PowerShell objects of JSON.</summary>
internal static class JsonReader
{
    /// <summary>Reads JSON text.</summary>
    /// <exception cref="ArgumentException">The text is no JSON; the message says where.</exception>
    public static object? Read(string json, int depth, bool asHashtable)
    {
        try
        {
            var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = depth };
            using var document = JsonDocument.Parse(json, options);
            return Convert(document.RootElement, asHashtable);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"Conversion from JSON failed with error: {exception.Message}", exception);
        }
    }

    private static object? Convert(JsonElement element, bool asHashtable) => element.ValueKind switch
    {
        JsonValueKind.Object when asHashtable => ConvertToTable(element),
        JsonValueKind.Object => ConvertToObject(element),
        JsonValueKind.Array => element.EnumerateArray().Select(item => Convert(item, asHashtable)).ToArray(),
        JsonValueKind.String => ConvertText(element.GetString()!),
        JsonValueKind.Number => ConvertNumber(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static PSObject ConvertToObject(JsonElement element)
    {
        var result = new PSObject();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            result.Properties.Add(new PSNoteProperty(property.Name, Convert(property.Value, asHashtable: false)));
        }

        return result;
    }

    private static OrderedHashtable ConvertToTable(JsonElement element)
    {
        var result = new OrderedHashtable();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            result[property.Name] = Convert(property.Value, asHashtable: true);
        }

        return result;
    }

    private static object ConvertNumber(JsonElement element)
    {
        if (element.TryGetInt64(out long whole))
        {
            return whole;
        }

        return BigInteger.TryParse(element.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger big)
            ? big
            : element.GetDouble();
    }

    /// <summary>Text in the form of an ISO 8601 time is a time, as in PowerShell.</summary>
    private static object ConvertText(string text)
    {
        bool mayBeTime = text.Length >= 19 && text[4] == '-' && text[10] == 'T';
        return mayBeTime && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time)
            ? time
            : text;
    }
}
