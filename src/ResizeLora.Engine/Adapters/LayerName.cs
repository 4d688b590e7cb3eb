using System.Text.RegularExpressions;

namespace ResizeLora.Adapters;

/// <summary>Reads component and block out of a layer's name as kohya's trainer writes it.</summary>
public static partial class LayerName
{
    private static readonly (string Prefix, Component Component)[] Prefixes =
    [
        ("lora_unet_", Component.UNet),
        ("lora_te1_", Component.TextEncoder1),
        ("lora_te2_", Component.TextEncoder2),
        ("lora_te_", Component.TextEncoder1),
    ];

    /// <summary>The component that the name's prefix tells.</summary>
    /// <param name="layer">The layer's name.</param>
    public static Component ComponentOf(string layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        foreach ((string prefix, Component component) in Prefixes)
        {
            if (layer.StartsWith(prefix, StringComparison.Ordinal))
            {
                return component;
            }
        }

        return Component.Other;
    }

    /// <summary>
    /// The block of the component, such as <c>input_blocks.4</c>, <c>middle_block</c> or <c>layers.11</c>; empty when the name tells
    /// none.
    /// </summary>
    /// <param name="layer">The layer's name.</param>
    public static string BlockOf(string layer)
    {
        Match match = BlockPattern().Match(layer);
        if (!match.Success)
        {
            return string.Empty;
        }

        string block = match.Groups["block"].Value;
        return block == "middle_block" || !match.Groups["number"].Success ? block : $"{block}.{match.Groups["number"].Value}";
    }

    [GeneratedRegex(
        "_(?<block>input_blocks|middle_block|output_blocks|down_blocks|mid_block|up_blocks|layers)(_(?<number>[0-9]+))?_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex BlockPattern();
}
