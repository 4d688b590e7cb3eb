using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Resizing;

/// <summary>
/// Brings PEFT's settings up to date: the ranks of the layers, and alphas that make the scale which each layer is written with. Readers
/// build the layers from these numbers before they look at a tensor.
/// </summary>
internal static class PeftOutput
{
    // What PEFT's settings of LoHa and LoKr have, and those of LoRA do not.
    private static readonly string[] OtherKinds =
    [
        "alpha",
        "init_weights",
        "module_dropout",
        "rank_dropout",
        "rank_dropout_scale",
        "use_effective_conv2d",
        "decompose_both",
        "decompose_factor",
    ];

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Updates the settings in a header, where each component has its own.</summary>
    /// <param name="text">The settings, of anybody.</param>
    /// <param name="layers">The layers as they are written.</param>
    /// <param name="hasOthers">Whether there are layers besides, which the settings must go on to describe.</param>
    /// <returns>The new settings; the same text where it is none.</returns>
    public static string UpdateHeader(string text, IReadOnlyList<WrittenScale> layers, bool hasOthers)
    {
        if (Parse(text) is not { } settings)
        {
            return text;
        }

        foreach (
            IGrouping<string, WrittenScale> component in layers.GroupBy(static layer => ComponentOf(layer.Layer), StringComparer.Ordinal)
        )
        {
            Update(settings, PrefixOf(component.Key), [.. component], hasOthers);
        }

        return settings.ToJsonString(Compact);
    }

    /// <summary>Updates the settings beside an adapter.</summary>
    /// <param name="text">The settings, of anybody.</param>
    /// <param name="layers">The layers as they are written.</param>
    /// <param name="hasOthers">Whether there are layers besides, which the settings must go on to describe.</param>
    public static string UpdateFile(string text, IReadOnlyList<WrittenScale> layers, bool hasOthers)
    {
        if (layers.Count == 0 || Parse(text) is not { } settings)
        {
            return text;
        }

        Update(settings, string.Empty, layers, hasOthers);
        if (layers.Any(static layer => layer.Layer.AdapterKind is AdapterKind.LoHa or AdapterKind.LoKr))
        {
            // They are written as LoRA, of which the settings must speak then.
            settings["peft_type"] = "LORA";
            Array.ForEach(OtherKinds, key => settings.Remove(key));
        }

        return IndentedJson.Of(settings);
    }

    /// <summary>
    /// Refuses to replace settings of somebody else; the same ones are left of a run that was killed before it wrote the output.
    /// </summary>
    /// <param name="text">The settings to be written.</param>
    /// <param name="output">The output that they go beside.</param>
    /// <param name="overwrite">Whether existing files are replaced.</param>
    /// <exception cref="OutputException">There are other settings.</exception>
    public static void RequireFree(string text, string output, bool overwrite)
    {
        string path = PeftFolder.SettingsOf(output);
        if (!overwrite && File.Exists(path) && File.ReadAllText(path) != text)
        {
            throw OutputException.Exists(path);
        }
    }

    /// <summary>Writes the settings beside an output.</summary>
    /// <param name="text">The settings.</param>
    /// <param name="output">The output.</param>
    /// <param name="overwrite">Whether existing files are replaced.</param>
    /// <exception cref="OutputException">They cannot be written, or there are other ones.</exception>
    public static void WriteBeside(string text, string output, bool overwrite)
    {
        const int BufferSize = 64 << 10;
        string path = PeftFolder.SettingsOf(output);
        RequireFree(text, output, overwrite);
        try
        {
            using var file = TemporaryFile.Create(Path.GetDirectoryName(path)!, BufferSize);
            using (var writer = new StreamWriter(file.Stream, leaveOpen: true))
            {
                writer.Write(text);
            }

            file.Commit(path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(path, exception);
        }
    }

    // What is not among the layers keeps its entries, and its scale; the first entry that fits counts, so that the new ones stand first.
    private static void Update(JsonObject settings, string prefix, IReadOnlyList<WrittenScale> layers, bool hasOthers)
    {
        bool isStabilised = hasOthers && IsStabilised(settings, prefix);
        JsonObject ranks = [];
        JsonObject alphas = [];

        // A key fits every name that ends with it, and the first that fits counts: proj_out must not come before blocks.0.proj_out.
        foreach (
            WrittenScale layer in layers
                .OrderByDescending(static layer => layer.Layer.Spelling.Module.Length)
                .ThenBy(static layer => layer.Layer.Spelling.Module, StringComparer.Ordinal)
        )
        {
            string module = layer.Layer.Spelling.Module;
            double alpha = layer.Scale * (isStabilised ? Math.Sqrt(layer.Rank) : layer.Rank);
            ranks[module] = layer.Rank;
            alphas[module] = alpha == Math.Floor(alpha) && Math.Abs(alpha) < int.MaxValue ? (int)alpha : alpha;
        }

        if (hasOthers)
        {
            AddMissing(ranks, settings[$"{prefix}rank_pattern"]);
            AddMissing(alphas, settings[$"{prefix}alpha_pattern"]);
        }
        else
        {
            // Readers that know no patterns take the scale of these two.
            int highest = layers.Max(static layer => layer.Layer.Rank);
            int rank = RankOf(settings, prefix) ?? highest;
            settings[$"{prefix}r"] = rank;
            settings[$"{prefix}lora_alpha"] = rank;
            settings[$"{prefix}use_rslora"] = false;
        }

        settings[$"{prefix}rank_pattern"] = ranks;
        settings[$"{prefix}alpha_pattern"] = alphas;
    }

    private static void AddMissing(JsonObject pattern, JsonNode? earlier)
    {
        foreach ((string key, JsonNode? value) in earlier as JsonObject ?? [])
        {
            if (!pattern.ContainsKey(key))
            {
                pattern[key] = value?.DeepClone();
            }
        }
    }

    /// <summary>What stands before a component's keys in a header, such as <c>unet.</c></summary>
    /// <param name="component">The component; empty where there is one only.</param>
    public static string PrefixOf(string component) => component.Length > 0 ? $"{component}." : string.Empty;

    /// <summary>Whether the settings divide alpha by the root of the rank.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="prefix">The component's prefix.</param>
    public static bool IsStabilised(JsonObject settings, string prefix) =>
        settings[$"{prefix}use_rslora"] is JsonValue value && value.TryGetValue(out bool used) && used;

    /// <summary>The rank that the settings say; null where they say none.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="prefix">The component's prefix.</param>
    public static int? RankOf(JsonObject settings, string prefix) =>
        settings[$"{prefix}r"] is JsonValue stored && stored.TryGetValue(out int known) && known > 0 ? known : null;

    /// <summary>A value as it is written into a header's settings.</summary>
    /// <param name="value">The value.</param>
    public static string TextOf(JsonNode? value) => value?.ToJsonString(Compact) ?? "null";

    /// <summary>A name as it is written there.</summary>
    /// <param name="name">The name.</param>
    public static string Quoted(string name) => TextOf(JsonValue.Create(name));

    /// <summary>The component of a layer, such as <c>unet</c>; empty where its name has none.</summary>
    /// <param name="layer">The layer.</param>
    public static string ComponentOf(AdapterLayer layer)
    {
        int dot = layer.Name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && layer.Spelling.Module.Length < layer.Name.Length ? layer.Name[..dot] : string.Empty;
    }

    /// <summary>Reads settings.</summary>
    /// <param name="text">The settings, of anybody.</param>
    /// <returns>The settings; null where the text is none.</returns>
    public static JsonObject? Parse(string text)
    {
        try
        {
            // Names that come twice are found only when the object is looked into.
            return JsonNode.Parse(text) is JsonObject { Count: >= 0 } settings ? settings : null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>The rank and the scale that a layer is written with.</summary>
/// <param name="Layer">The layer as it is stored in the input.</param>
/// <param name="Rank">The rank in the output.</param>
/// <param name="Scale">The scale that the factors leave to alpha: 1 where it is folded into them.</param>
internal sealed record WrittenScale(AdapterLayer Layer, int Rank, double Scale);
