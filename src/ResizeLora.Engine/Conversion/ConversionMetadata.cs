using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>The metadata of a converted file, and PEFT's settings: the input's, with what would be stale brought up to date.</summary>
/// <param name="adapter">The input.</param>
/// <param name="settings">What is changed.</param>
/// <param name="draft">What the output holds, complete.</param>
internal sealed class ConversionMetadata(Adapter adapter, ConversionSettings settings, ConversionDraft draft)
{
    private const string DimensionKey = "ss_network_dim";
    private const string AlphaKey = "ss_network_alpha";
    private const string ModuleKey = "ss_network_module";
    private const string ArgumentsKey = "ss_network_args";
    private const string FormatKey = "format";
    private const string Dynamic = "Dynamic";

    /// <summary>The metadata of the header.</summary>
    /// <param name="parameters">How the file is converted.</param>
    public Dictionary<string, string> Header(string parameters)
    {
        Dictionary<string, string> metadata = ResizeMetadata.WithHashesToCome(adapter.Metadata);
        metadata[ConversionMaking.MetadataKey] = parameters;
        if (settings.Naming is not null)
        {
            metadata.Remove(PeftSettings.MetadataKey);
        }

        if (settings.Naming == LoraNaming.Diffusers)
        {
            metadata[PeftSettings.MetadataKey] = ForDiffusers();
        }
        else if (settings.ToPairs && metadata.TryGetValue(PeftSettings.MetadataKey, out string? known))
        {
            metadata[PeftSettings.MetadataKey] = PeftOutput.UpdateHeader(known, [.. Scales()], hasOthers: false);
        }

        if (settings.Naming?.IsOfPeft() == true)
        {
            metadata.TryAdd(FormatKey, "pt");
        }

        if (settings.ToPairs && metadata.ContainsKey(ModuleKey))
        {
            metadata[ModuleKey] = "networks.lora";
            metadata.Remove(ArgumentsKey);
        }

        if (ChangesRanks)
        {
            foreach (string key in (string[])[DimensionKey, AlphaKey])
            {
                if (metadata.ContainsKey(key))
                {
                    metadata[key] = Dynamic;
                }
            }
        }

        return metadata;
    }

    /// <summary>The settings beside a PEFT output; where the names stay, the input's own.</summary>
    public string Settings()
    {
        if (settings.Naming is null && adapter.SettingsText is { } own)
        {
            return settings.ToPairs ? PeftOutput.UpdateFile(own, [.. Scales()], hasOthers: false) : own;
        }

        JsonObject fresh = Fresh(string.Empty, [.. draft.Pairs]);
        fresh["peft_type"] = "LORA";
        fresh["task_type"] = null;
        fresh["base_model_name_or_path"] = null;
        fresh["inference_mode"] = true;
        fresh["fan_in_fan_out"] = false;
        fresh["init_lora_weights"] = true;
        fresh["modules_to_save"] = null;
        string text = adapter.SettingsText is { } known ? Merged(known, fresh) : IndentedJson.Of(fresh);
        return PeftOutput.UpdateFile(text, [.. Scales()], hasOthers: false);
    }

    private bool ChangesRanks =>
        settings.ToPairs || draft.Pairs.Any(static pair => pair.Columns.Count > 1 || pair.Rank != StoredRank(pair.Columns[0].Layer));

    private IEnumerable<WrittenScale> Scales() => draft.Pairs.Select(static pair => new WrittenScale(LayerOf(pair), pair.Rank, pair.Scale));

    // The layer as the output has it: its name is what the settings speak of.
    private static AdapterLayer LayerOf(ConvertedPair pair) =>
        pair.Columns[0].Layer is { } layer && layer.Name == pair.Name
            ? layer
            : pair.Columns[0].Layer with
            {
                Name = pair.Name,
                Spelling = LayerSpelling.Read(pair.Name),
            };

    private static int StoredRank(AdapterLayer layer) => (layer.Fused?.Whole ?? layer).Rank;

    private string ForDiffusers()
    {
        var all = new JsonObject();
        foreach (IGrouping<string, ConvertedPair> component in draft.Pairs.GroupBy(static pair => pair.Name.Split('.')[0]))
        {
            foreach ((string key, JsonNode? value) in Fresh($"{component.Key}.", [.. component]))
            {
                all[key] = value?.DeepClone();
            }
        }

        return PeftOutput.UpdateHeader(all.ToJsonString(), [.. Scales()], hasOthers: false);
    }

    private JsonObject Fresh(string prefix, ConvertedPair[] layers) =>
        new()
        {
            [$"{prefix}r"] = layers.Select(static pair => pair.Rank).DefaultIfEmpty(1).Max(),
            [$"{prefix}lora_alpha"] = 1,
            [$"{prefix}lora_dropout"] = 0.0,
            [$"{prefix}bias"] = "none",
            [$"{prefix}lora_bias"] = draft.HasBiases,
            [$"{prefix}use_dora"] = draft.HasMagnitudes,
            [$"{prefix}use_rslora"] = false,
            [$"{prefix}target_modules"] = new JsonArray([
                .. layers
                    .Select(static pair => LayerSpelling.Read(pair.Name).Module)
                    .Order(StringComparer.Ordinal)
                    .Select(static module => (JsonNode)JsonValue.Create(module)),
            ]),
        };

    // What the trainer said, such as the base model, stays; what concerns the layers is new.
    private static string Merged(string known, JsonObject fresh)
    {
        if (OutputMaking.Parse(known) is not { } merged)
        {
            return IndentedJson.Of(fresh);
        }

        string[] kept = ["task_type", "base_model_name_or_path", "inference_mode", "fan_in_fan_out", "init_lora_weights", "lora_dropout"];
        foreach ((string key, JsonNode? value) in fresh)
        {
            if (!merged.ContainsKey(key) || !kept.Contains(key))
            {
                merged[key] = value?.DeepClone();
            }
        }

        return IndentedJson.Of(merged);
    }
}
