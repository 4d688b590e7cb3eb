using System.Globalization;
using System.Text.RegularExpressions;

namespace ResizeLora.Adapters;

/// <summary>
/// One name for one layer of SDXL, whichever trainer wrote it: diffusers' blocks behind kohya's prefix become Stability's,
/// by the correspondence that diffusers and kohya's sd-scripts use when they convert the U-Net.
/// </summary>
internal static partial class CanonicalLayerName
{
    private const string Prefix = "lora_unet_";

    private static readonly (string Diffusers, string Stability)[] ResidualParts =
    [
        ("_norm1", "_in_layers_0"),
        ("_conv1", "_in_layers_2"),
        ("_time_emb_proj", "_emb_layers_1"),
        ("_norm2", "_out_layers_0"),
        ("_conv2", "_out_layers_3"),
        ("_conv_shortcut", "_skip_connection"),
    ];

    private static readonly (string Diffusers, string Stability)[] SingleLayers =
    [
        ("conv_in", "input_blocks_0_0"),
        ("conv_out", "out_2"),
        ("time_embedding_linear_1", "time_embed_0"),
        ("time_embedding_linear_2", "time_embed_2"),
        ("add_embedding_linear_1", "label_emb_0_0"),
        ("add_embedding_linear_2", "label_emb_0_2"),
    ];

    /// <summary>The layer's name in Stability's layout; other names stay as they are.</summary>
    /// <param name="layer">The layer's name.</param>
    public static string Of(string layer)
    {
        if (!layer.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return layer;
        }

        string name = layer[Prefix.Length..];
        Match match = BlockPattern().Match(name);
        if (!match.Success)
        {
            return SingleLayers.FirstOrDefault(single => single.Diffusers == name).Stability is { } known ? Prefix + known : layer;
        }

        int block = Number(match.Groups["block"]);
        int index = Number(match.Groups["index"]);
        string part = match.Groups["part"].Value;
        string rest = match.Groups["rest"].Value;
        if (part == "resnets")
        {
            rest = ResidualParts.FirstOrDefault(pair => pair.Diffusers == rest).Stability ?? rest;
        }

        string? place = (match.Groups["way"].Value, part) switch
        {
            ("down", "resnets") => Numbered("input_blocks", (3 * block) + index + 1, 0),
            ("down", "attentions") => Numbered("input_blocks", (3 * block) + index + 1, 1),
            ("down", "downsamplers") => Numbered("input_blocks", (3 * block) + 3, 0),
            ("up", "resnets") => Numbered("output_blocks", (3 * block) + index, 0),
            ("up", "attentions") => Numbered("output_blocks", (3 * block) + index, 1),
            ("up", "upsamplers") => Numbered("output_blocks", (3 * block) + 2, 2),
            ("mid", "resnets") => string.Create(CultureInfo.InvariantCulture, $"middle_block_{2 * index}"),
            ("mid", "attentions") => "middle_block_1",
            _ => null,
        };
        return place is null ? layer : $"{Prefix}{place}{(part == "downsamplers" && rest == "_conv" ? "_op" : rest)}";
    }

    private static string Numbered(string blocks, int block, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{blocks}_{block}_{part}");

    private static int Number(Group group) => group.Success ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(
        "^(?<way>down|mid|up)_blocks?(_(?<block>[0-9]{1,2}))?"
            + "_(?<part>resnets|attentions|downsamplers|upsamplers)_(?<index>[0-9]{1,2})(?<rest>_.+)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex BlockPattern();
}
