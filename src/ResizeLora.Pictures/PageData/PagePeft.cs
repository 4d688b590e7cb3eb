using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Pictures.PageData;

/// <summary>
/// How many bytes PEFT's settings take that diffusers keeps in a header: <see cref="PeftOutput"/> writes ranks and alphas into them, so that
/// their length depends on what a recipe keeps.
/// </summary>
internal sealed class PagePeft
{
    private readonly Adapter adapter;
    private readonly JsonObject settings;
    private readonly List<string> components;

    private PagePeft(Adapter adapter, JsonObject settings)
    {
        this.adapter = adapter;
        this.settings = settings;
        components =
        [
            .. adapter.Layers.Select(static layer => PeftOutput.ComponentOf(layer.Fused?.Whole ?? layer)).Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>The settings in a file's header; null where there are none.</summary>
    /// <param name="adapter">The file.</param>
    public static PagePeft? Of(Adapter adapter) =>
        adapter.Metadata.TryGetValue(PeftSettings.MetadataKey, out string? text) && PeftOutput.Parse(text) is { } settings
            ? new PagePeft(adapter, settings)
            : null;

    /// <summary>Writes the lengths.</summary>
    /// <param name="json">Takes them.</param>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("peft");
        json.WriteNumber("unchanged", InHeader(adapter.Metadata[PeftSettings.MetadataKey]));
        json.WriteBoolean("hasKept", adapter.KeptLayers.Count > 0);
        WriteEntries(json, "entries", settings);
        json.WriteStartArray("components");
        foreach (string component in components)
        {
            string prefix = PeftOutput.PrefixOf(component);
            json.WriteStartObject();
            json.WriteString("prefix", prefix);
            json.WriteBoolean("isStabilised", PeftOutput.IsStabilised(settings, prefix));
            json.WriteNumber("rank", PeftOutput.RankOf(settings, prefix) ?? 0);
            WriteEntries(json, "earlierRanks", settings[$"{prefix}rank_pattern"] as JsonObject ?? []);
            WriteEntries(json, "earlierAlphas", settings[$"{prefix}alpha_pattern"] as JsonObject ?? []);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes by which name the settings know a layer.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="layer">The layer as it is stored.</param>
    public void WriteModule(Utf8JsonWriter json, AdapterLayer layer)
    {
        string module = layer.Spelling.Module;
        json.WriteStartObject("module");
        json.WriteNumber("component", components.IndexOf(PeftOutput.ComponentOf(layer)));
        json.WriteString("name", module);
        json.WriteNumber("bytes", InHeader($"{PeftOutput.Quoted(module)}:"));
        json.WriteNumber("rank", layer.Rank);
        json.WriteNumber("scale", layer.Scale);
        json.WriteEndObject();
    }

    // Name and length of each entry, as in "r":16, without a comma.
    private static void WriteEntries(Utf8JsonWriter json, string name, JsonObject settings)
    {
        json.WriteStartArray(name);
        foreach ((string key, JsonNode? value) in settings)
        {
            json.WriteStartArray();
            json.WriteStringValue(key);
            json.WriteNumberValue(InHeader($"{PeftOutput.Quoted(key)}:{PeftOutput.TextOf(value)}"));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    // Without the quotes around the whole.
    private static int InHeader(string text) => HeaderText.ByteLengthOf(text) - 2;
}
