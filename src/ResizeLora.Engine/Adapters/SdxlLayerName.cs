using System.Globalization;
using System.Text.RegularExpressions;

namespace ResizeLora.Adapters;

/// <summary>
/// One name for one layer. Trainers name the layers of SDXL's U-Net after Stability's modules (<c>input_blocks</c>) or after
/// those of diffusers (<c>down_blocks</c>), both behind kohya's prefix; here the latter are turned into the former, by the
/// correspondence of kohya's sd-scripts (library/sdxl_model_util.py, make_unet_conversion_map).
/// </summary>
public static partial class SdxlLayerName
{
    private const string UNetPrefix = "lora_unet_";

    private static readonly Dictionary<string, string> Singles = new(StringComparer.Ordinal)
    {
        ["conv_in"] = "input_blocks_0_0",
        ["conv_out"] = "out_2",
        ["time_embedding_linear_1"] = "time_embed_0",
        ["time_embedding_linear_2"] = "time_embed_2",
        ["add_embedding_linear_1"] = "label_emb_0_0",
        ["add_embedding_linear_2"] = "label_emb_0_2",
    };

    private static readonly Dictionary<string, string> ResnetParts = new(StringComparer.Ordinal)
    {
        ["conv1"] = "in_layers_2",
        ["conv2"] = "out_layers_3",
        ["time_emb_proj"] = "emb_layers_1",
        ["conv_shortcut"] = "skip_connection",
    };

    /// <summary>The layer's name in Stability's words; other names come back as they are.</summary>
    /// <param name="layer">The layer's name in a LoRA file.</param>
    public static string Canonical(string layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        const string OnlyTextEncoder = "lora_te_";
        if (layer.StartsWith(OnlyTextEncoder, StringComparison.Ordinal))
        {
            return $"lora_te1_{layer[OnlyTextEncoder.Length..]}";
        }

        if (!layer.StartsWith(UNetPrefix, StringComparison.Ordinal))
        {
            return layer;
        }

        string name = layer[UNetPrefix.Length..];
        return Singles.TryGetValue(name, out string? single) ? UNetPrefix + single
            : BlockPattern().Match(name) is { Success: true } match && Translate(match) is { } translated ? UNetPrefix + translated
            : layer;
    }

    private static string? Translate(Match match)
    {
        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
        string side = match.Groups["side"].Value;
        string module = match.Groups["module"].Value;
        string rest = match.Groups["rest"].Value;
        int index = Number("index");
        if (side == "mid_block")
        {
            return module switch
            {
                "attentions" => Invariant($"middle_block_1_{rest}"),
                "resnets" when ResnetParts.TryGetValue(rest, out string? part) => Invariant($"middle_block_{2 * index}_{part}"),
                _ => null,
            };
        }

        if (!match.Groups["block"].Success)
        {
            return null;
        }

        int block = Number("block");
        string place =
            side == "down_blocks"
                ? Invariant($"input_blocks_{(3 * block) + index + 1}")
                : Invariant($"output_blocks_{(3 * block) + index}");
        return module switch
        {
            "attentions" => $"{place}_1_{rest}",
            "resnets" when ResnetParts.TryGetValue(rest, out string? part) => $"{place}_0_{part}",
            "downsamplers" when side == "down_blocks" && rest == "conv" => Invariant($"input_blocks_{3 * (block + 1)}_0_op"),
            "upsamplers" when side == "up_blocks" && rest == "conv" => Invariant($"output_blocks_{(3 * block) + 2}_2_conv"),
            _ => null,
        };
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex(
        "^(?<side>down_blocks|up_blocks|mid_block)(_(?<block>[0-9]{1,4}))?"
            + "_(?<module>attentions|resnets|downsamplers|upsamplers)_(?<index>[0-9]{1,4})_(?<rest>.+)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex BlockPattern();
}
