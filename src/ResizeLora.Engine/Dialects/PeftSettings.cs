using System.Text.Json;
using System.Text.RegularExpressions;

namespace ResizeLora.Dialects;

/// <summary>
/// What PEFT says of the ranks and scales of an adapter: <c>adapter_config.json</c> beside the file, or <c>lora_adapter_metadata</c> in
/// its header, where diffusers keeps the same for each component (<c>unet.r</c>, <c>unet.lora_alpha</c>).
/// </summary>
internal sealed class PeftSettings
{
    /// <summary>The metadata key under which diffusers keeps the settings.</summary>
    public const string MetadataKey = "lora_adapter_metadata";

    /// <summary>The name of the file beside an adapter.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>The name that PEFT gives the adapter beside it.</summary>
    public const string AdapterFileName = "adapter_model.safetensors";

    private const int LongestText = 16 << 20;

    private readonly double? alpha;
    private readonly double? rank;
    private readonly bool isRankStabilised;
    private readonly SettingsPattern alphas;
    private readonly SettingsPattern ranks;

    private PeftSettings(JsonElement settings, string prefix)
    {
        alpha = Number(settings, $"{prefix}lora_alpha") ?? Number(settings, $"{prefix}alpha");
        rank = Number(settings, $"{prefix}r");
        isRankStabilised = settings.TryGetProperty($"{prefix}use_rslora", out JsonElement stable) && stable.ValueKind == JsonValueKind.True;
        alphas = new SettingsPattern(settings, $"{prefix}alpha_pattern");
        ranks = new SettingsPattern(settings, $"{prefix}rank_pattern");
    }

    /// <summary>Reads settings.</summary>
    /// <param name="text">JSON, of anybody.</param>
    /// <param name="component">The component, such as <c>unet</c>; empty for the file beside an adapter.</param>
    /// <returns>The settings, or null when the text says nothing of that component.</returns>
    public static PeftSettings? Parse(string text, string component)
    {
        if (text.Length > LongestText)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            string prefix = component.Length > 0 ? $"{component}." : string.Empty;
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && (
                    document.RootElement.TryGetProperty($"{prefix}lora_alpha", out _)
                    || document.RootElement.TryGetProperty($"{prefix}r", out _)
                )
                ? new PeftSettings(document.RootElement, prefix)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The scale of a layer; null where the settings do not say it.</summary>
    /// <param name="module">The module's name, dotted.</param>
    /// <param name="layerRank">The layer's rank; null where its tensors do not tell, and the settings do.</param>
    public double? ScaleOf(string module, double? layerRank = null)
    {
        double? known = layerRank ?? ranks.Find(module) ?? rank;
        return (alphas.Find(module) ?? alpha) is { } value && double.IsFinite(value) && known is { } divisor && divisor > 0
            ? value / (isRankStabilised ? Math.Sqrt(divisor) : divisor)
            : null;
    }

    private static double? Number(JsonElement settings, string name) =>
        settings.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}

/// <summary>Numbers by the names of modules: names, ends of names, or expressions that fit such an end.</summary>
internal sealed class SettingsPattern
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, double> values;
    private readonly List<(Regex Pattern, double Value)> expressions = [];

    /// <summary>Reads a pattern.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="name">The pattern's name, such as <c>alpha_pattern</c>.</param>
    public SettingsPattern(JsonElement settings, string name)
    {
        values = Pattern(settings, name);
        foreach ((string key, double value) in values)
        {
            if (Expression(key) is { } expression)
            {
                expressions.Add((expression, value));
            }
        }
    }

    /// <summary>The number of a module; null where no key fits.</summary>
    /// <param name="module">The module's name, dotted.</param>
    public double? Find(string module)
    {
        for (int start = 0; start >= 0 && start < module.Length; start = NextPart(module, start))
        {
            if (values.TryGetValue(module[start..], out double named))
            {
                return named;
            }
        }

        foreach ((Regex pattern, double value) in expressions)
        {
            if (pattern.IsMatch(module))
            {
                return value;
            }
        }

        return null;
    }

    private static int NextPart(string module, int start)
    {
        int dot = module.IndexOf('.', start);
        return dot < 0 ? -1 : dot + 1;
    }

    private static Regex? Expression(string key)
    {
        // A plain name needs no expression; its dots are dots.
        if (key.All(static character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-'))
        {
            return null;
        }

        try
        {
            return new Regex($@"^(.*\.)?({key})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Timeout);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static Dictionary<string, double> Pattern(JsonElement settings, string name) =>
        settings.TryGetProperty(name, out JsonElement pattern) && pattern.ValueKind == JsonValueKind.Object
            ? pattern
                .EnumerateObject()
                .Where(static entry => entry.Value.ValueKind == JsonValueKind.Number)
                .GroupBy(static entry => entry.Name, StringComparer.Ordinal)
                .ToDictionary(static group => group.Key, static group => group.Last().Value.GetDouble(), StringComparer.Ordinal)
            : [];
}
