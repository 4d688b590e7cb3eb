using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>The scale of each layer: by its alpha, else by PEFT's settings, else 1.</summary>
/// <param name="file">The adapter file.</param>
/// <param name="settings">The text of the settings beside it, or null.</param>
internal sealed class LayerScales(ITensorFile file, string? settings)
{
    private readonly Dictionary<string, PeftSettings?> known = new(StringComparer.Ordinal);

    /// <summary>The alpha that makes a layer's scale.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="spelling">What the name says.</param>
    /// <param name="alpha">The tensor of alpha, or null.</param>
    /// <param name="rank">The layer's rank.</param>
    public double AlphaOf(string layer, LayerSpelling spelling, TensorEntry? alpha, int rank)
    {
        if (alpha is not null)
        {
            return ScalarReader.TryRead(file, alpha)!.Value;
        }

        return SettingsFor(layer, spelling)?.ScaleOf(spelling.Module, rank) * rank ?? rank;
    }

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
}
