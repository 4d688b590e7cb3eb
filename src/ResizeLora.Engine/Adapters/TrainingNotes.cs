using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ResizeLora.Adapters;

/// <summary>
/// What trainers note of the training in the metadata. All of it is strangers' text: a value that is not what its key
/// promises counts as absent, and what is shown is cleaned and bounded.
/// </summary>
internal static partial class TrainingNotes
{
    private const int MostWords = 20;
    private const int MostBuckets = 50;
    private const int LongestWord = 80;

    // The longest JSON that is looked into; real ones of thousands of images stay below a megabyte.
    private const int LongestNote = 16 << 20;
    private const int DeepestNote = 16;

    /// <summary>The words that call the adapter: the trigger phrase if it is noted, then the most frequent tags.</summary>
    /// <param name="metadata">The file's metadata.</param>
    public static string[] WordsOf(IReadOnlyDictionary<string, string> metadata)
    {
        string phrase = metadata.GetValueOrDefault("modelspec.trigger_phrase") ?? string.Empty;
        IEnumerable<string> triggers = phrase[..Math.Min(phrase.Length, MostWords * LongestWord)].Split(',');
        return triggers
            .Concat(TagsOf(metadata.GetValueOrDefault("ss_tag_frequency")))
            .Select(static word => TrainerText.Clean(word, LongestWord))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Take(MostWords)
            .ToArray();
    }

    /// <summary>The size of the training pictures, such as <c>1024x1024</c>, or null.</summary>
    /// <param name="metadata">The file's metadata.</param>
    public static string? ResolutionOf(IReadOnlyDictionary<string, string> metadata) =>
        SizeIn(metadata.GetValueOrDefault("ss_resolution")) ?? SizeIn(metadata.GetValueOrDefault("modelspec.resolution"));

    /// <summary>The sizes into which the trainer sorted the pictures, the most used first.</summary>
    /// <param name="metadata">The file's metadata.</param>
    public static string[] BucketsOf(IReadOnlyDictionary<string, string> metadata)
    {
        var buckets = new Dictionary<string, long>(StringComparer.Ordinal);
        Read(
            metadata.GetValueOrDefault("ss_bucket_info"),
            note =>
            {
                if (Property(note, "buckets") is not { ValueKind: JsonValueKind.Object } all)
                {
                    return;
                }

                foreach (JsonProperty bucket in all.EnumerateObject())
                {
                    if (
                        Property(bucket.Value, "resolution") is { ValueKind: JsonValueKind.Array } size
                        && size.GetArrayLength() == 2
                        && size[0].ValueKind == JsonValueKind.Number
                        && size[0].TryGetInt32(out int width)
                        && size[1].ValueKind == JsonValueKind.Number
                        && size[1].TryGetInt32(out int height)
                    )
                    {
                        string text = string.Create(CultureInfo.InvariantCulture, $"{width}x{height}");
                        buckets[text] = Sum(buckets.GetValueOrDefault(text), Count(Property(bucket.Value, "count")));
                    }
                }
            }
        );

        return MostFrequent(buckets).Take(MostBuckets).ToArray();
    }

    // {"10_folder": {"tag": 12, …}, …}; the same tag may be in several folders.
    private static string[] TagsOf(string? text)
    {
        var tags = new Dictionary<string, long>(StringComparer.Ordinal);
        Read(
            text,
            note =>
            {
                if (note.ValueKind != JsonValueKind.Object)
                {
                    return;
                }

                foreach (
                    JsonProperty folder in note.EnumerateObject().Where(static folder => folder.Value.ValueKind == JsonValueKind.Object)
                )
                {
                    foreach (JsonProperty tag in folder.Value.EnumerateObject())
                    {
                        string word = tag.Name.Trim();
                        tags[word] = Sum(tags.GetValueOrDefault(word), Count(tag.Value));
                    }
                }
            }
        );

        return MostFrequent(tags).Take(MostWords * 2).ToArray();
    }

    private static IEnumerable<string> MostFrequent(Dictionary<string, long> counts) =>
        counts
            .OrderByDescending(static pair => pair.Value)
            .ThenBy(static pair => pair.Key, StringComparer.Ordinal)
            .Select(static pair => pair.Key);

    private static string? SizeIn(string? text)
    {
        const int LongestSize = 40;
        Match match = SizePattern().Match(text is { Length: <= LongestSize } ? text : string.Empty);
        return !match.Success ? null
            : match.Groups["height"].Success ? $"{match.Groups["width"].Value}x{match.Groups["height"].Value}"
            : $"{match.Groups["width"].Value}x{match.Groups["width"].Value}";
    }

    private static void Read(string? text, Action<JsonElement> read)
    {
        if (text is null or { Length: 0 or > LongestNote })
        {
            return;
        }

        try
        {
            using var note = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DeepestNote });
            read(note.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            // Not JSON, or names that are no text (half of a surrogate pair, escaped): what was read before that stands.
        }
    }

    private static JsonElement? Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement found) ? found : null;

    private static long Count(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out long count) ? Math.Max(0, count) : 0;

    // Counts near the end of the range must not turn negative.
    private static long Sum(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;

    [GeneratedRegex(@"^\s*\(?\s*(?<width>[0-9]{1,6})\s*([,xX]\s*(?<height>[0-9]{1,6})\s*)?,?\s*\)?\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex SizePattern();
}
