using System.Text.RegularExpressions;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>The scale of each layer: by its alpha, else by PEFT's settings, else 1.</summary>
/// <param name="file">The adapter file.</param>
/// <param name="settings">The text of the settings beside it, or null.</param>
internal sealed partial class LayerScales(ITensorFile file, string? settings)
{
    private const int LongestArguments = 1 << 16;

    private readonly Dictionary<string, PeftSettings?> known = new(StringComparer.Ordinal);

    /// <summary>Whether the trainer noted rank-stabilised scales that it left out of alpha, as LyCORIS does for GLoRA alone.</summary>
    public bool HasRawRankStabilisedAlpha { get; } =
        file.Header.Metadata.GetValueOrDefault("ss_network_args") is { } arguments
        && arguments.Length <= LongestArguments
        && RankStabilised().IsMatch(arguments);

    /// <summary>The alpha that makes a layer's scale.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="spelling">What the name says.</param>
    /// <param name="alpha">The tensor of alpha, or null.</param>
    /// <param name="rank">The layer's rank.</param>
    public LayerAlpha AlphaOf(string layer, LayerSpelling spelling, TensorEntry? alpha, int rank)
    {
        if (alpha is not null)
        {
            return new LayerAlpha(ScalarReader.TryRead(file, alpha)!.Value, IsAssumed: false);
        }

        return SettingsFor(layer, spelling)?.ScaleOf(spelling.Module, rank) is { } scale
            ? new LayerAlpha(scale * rank, IsAssumed: false)
            : new LayerAlpha(rank, IsAssumed: true);
    }

    /// <summary>The scale that PEFT's settings say of a layer whose tensors tell no rank; null where they say none.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="spelling">What the name says.</param>
    public double? SettingsScaleOf(string layer, LayerSpelling spelling) => SettingsFor(layer, spelling)?.ScaleOf(spelling.Module);

    private PeftSettings? SettingsFor(string layer, LayerSpelling spelling)
    {
        if (settings is null && !file.Header.Metadata.ContainsKey(PeftSettings.MetadataKey))
        {
            return null;
        }

        // unet.down_blocks.… has its settings under unet.r, unet.lora_alpha.
        string component = settings is null && spelling.Module.Length < layer.Length ? ComponentOf(layer) : string.Empty;
        if (!known.TryGetValue(component, out PeftSettings? found))
        {
            string text = settings ?? file.Header.Metadata[PeftSettings.MetadataKey];
            found = PeftSettings.Parse(text, component);
            known.Add(component, found);
        }

        return found;
    }

    private static string ComponentOf(string layer)
    {
        int dot = layer.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? string.Empty : layer[..dot];
    }

    // {"algo": "glora", "rs_lora": "True"}
    [GeneratedRegex("\"rs_lora\"\\s*:\\s*\"?true", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RankStabilised();
}

/// <summary>The alpha of a layer.</summary>
/// <param name="Value">The number.</param>
/// <param name="IsAssumed">Whether neither the file nor settings say it, so that it equals the rank.</param>
internal readonly record struct LayerAlpha(double Value, bool IsAssumed);
