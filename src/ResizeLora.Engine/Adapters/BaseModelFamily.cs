using System.Text.RegularExpressions;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// Tells the model that a LoRA was trained for, and the family of a base model: by what the trainer noted, by names that only
/// one family has, by where a U-Net has its attention, and by proportions of its layers. Names and proportions are the same in
/// narrow test files as in real ones; widths alone are the last thing that is asked.
/// </summary>
internal static partial class BaseModelFamily
{
    private const string Sdxl = "SDXL";
    private const string SdxlRefiner = "SDXL refiner";
    private const string Sd1 = "SD 1.x";
    private const string Sd2 = "SD 2.x";
    private const string Sd1Or2 = "SD 1.x or 2.x";
    private const string Sd3 = "SD 3";
    private const string Flux = "Flux";

    // What trainers' versions and modelspec's architectures begin with, without separators; the more particular comes first.
    private static readonly (string Start, string Family)[] NotedFamilies =
    [
        ("sdxlrefiner", SdxlRefiner),
        ("sdxl", Sdxl),
        ("stablediffusionxlv1refiner", SdxlRefiner),
        ("stablediffusionxl", Sdxl),
        ("sdv1", Sd1),
        ("stablediffusionv1", Sd1),
        ("sdv2", Sd2),
        ("stablediffusionv2", Sd2),
        ("sd3", Sd3),
        ("stablediffusion3", Sd3),
        ("stablediffusionv3", Sd3),
        ("flux", Flux),
        ("stablecascade", "Stable Cascade"),
        ("wan2", "Wan"),
        ("hunyuanvideo", "HunyuanVideo"),
        ("qwenimage", "Qwen-Image"),
        ("chroma", "Chroma"),
        ("pony", Sdxl),
        ("illustrious", Sdxl),
        ("noobai", Sdxl),
    ];

    // Parts of names, with _ for every dot, that only one family has; the more particular comes first.
    private static readonly (string Part, string Family)[] Marks =
    [
        ("distilled_guidance_layer", "Chroma"), // distilled_guidance_layer.layers.0.in_layer
        ("double_stream_modulation", "Flux.2"), // double_stream_modulation_img.lin
        ("to_qkv_mlp_proj", "Flux.2"), // single_transformer_blocks.0.attn.to_qkv_mlp_proj
        ("individual_token_refiner", "HunyuanVideo"), // txt_in.individual_token_refiner.blocks.0.self_attn_qkv
        ("_img_mlp_fc1", "HunyuanVideo"), // double_blocks.0.img_mlp.fc1; Flux has img_mlp.0
        ("_img_mlp_net_", "Qwen-Image"), // transformer_blocks.0.img_mlp.net.0.proj
        ("_img_mod_1", "Qwen-Image"), // transformer_blocks.0.img_mod.1
        ("joint_blocks_", Sd3), // joint_blocks.0.x_block.attn.qkv
        ("double_blocks_", Flux), // double_blocks.0.img_attn.qkv
        ("single_transformer_blocks_", Flux), // single_transformer_blocks.0.attn.to_q
        ("double_stream_blocks_", "HiDream"), // double_stream_blocks.0.block.attn1.to_q
        ("double_layers_", "AuraFlow"), // double_layers.0.attn.w1q
        ("lora_prior_unet_", "Stable Cascade"),
        ("patchify_proj", "LTX-Video"),
        ("conditioner_embedders_1_model", Sdxl), // conditioner.embedders.1.model.transformer.resblocks.0.…
        ("conditioner_embedders_0_model", SdxlRefiner),
        ("cond_stage_model_transformer_text_model", Sd1),
        ("cond_stage_model_model_transformer", Sd2),
    ];

    private const string CrossAttentionKey = "attn2_to_k";

    /// <summary>Tells the model that a LoRA was trained for.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="layers">The file's layers.</param>
    /// <returns>Its name, such as <c>SDXL</c>; another family's name as the file gives it; null when nothing tells.</returns>
    public static string? Of(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<InventoriedLayer> layers)
    {
        string? version = metadata.GetValueOrDefault("ss_base_model_version");
        string? architecture = metadata.GetValueOrDefault("modelspec.architecture")?.Split('/')[0];
        return FromNote(version)
            ?? FromNote(architecture)
            ?? FromLayers(layers.Select(static layer => new Weight(layer.Name, layer.OutFeatures, layer.InFeatures)).ToArray())
            ?? FromFileName(metadata.GetValueOrDefault("ss_sd_model_name"))
            ?? TrainerText.Clean(version, longest: 40)
            ?? TrainerText.Clean(architecture, longest: 40)
            ?? FromSpelling(layers);
    }

    /// <summary>Tells the family of a base model.</summary>
    /// <param name="header">The header of its file.</param>
    /// <returns>Its name, such as <c>SDXL</c>, or null when the names of its tensors do not tell.</returns>
    public static string? Of(SafetensorsHeader header)
    {
        const string Suffix = ".weight";
        return FromLayers(
            header
                .Tensors.Select(static tensor => new Weight(
                    tensor.Name.EndsWith(Suffix, StringComparison.Ordinal) ? tensor.Name[..^Suffix.Length] : tensor.Name,
                    tensor.Shape.Count == 2 ? tensor.Shape[0] : null,
                    tensor.Shape.Count == 2 ? tensor.Shape[1] : null
                ))
                .ToArray()
        );
    }

    private static string? FromNote(string? note)
    {
        const int LongestNote = 100;
        if (note is null or { Length: > LongestNote })
        {
            return null;
        }

        string letters = string.Concat(note.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        return NotedFamilies.FirstOrDefault(family => letters.StartsWith(family.Start, StringComparison.Ordinal)).Family;
    }

    private static string? FromLayers(Weight[] weights)
    {
        string[] names = Array.ConvertAll(weights, static weight => weight.Name.Replace('.', '_'));
        foreach ((string part, string family) in Marks)
        {
            if (names.Any(name => name.Contains(part, StringComparison.Ordinal)))
            {
                return family;
            }
        }

        if (names.Any(WanPattern().IsMatch) || weights.Any(static weight => WanOfDiffusersPattern().IsMatch(weight.Name)))
        {
            return "Wan";
        }

        return names.Any(CosmosPattern().IsMatch) ? "Cosmos or Anima"
            : names.Any(LuminaPattern().IsMatch) ? "Z-Image or Lumina 2"
            : FromUNet(weights, names);
    }

    private static string? FromUNet(Weight[] weights, string[] names)
    {
        // Every layer of the kind tells the same in a sound file.
        string? context = weights.Zip(names, FromContext).FirstOrDefault(static family => family is not null);
        if (names.Any(SdxlAttentionPattern().IsMatch))
        {
            return context == SdxlRefiner ? SdxlRefiner : Sdxl;
        }

        Weight? key = weights.FirstOrDefault(static weight => weight.In is not null && IsKey(weight.Name.Replace('.', '_')));
        string? width = key?.In switch
        {
            768 => Sd1,
            1024 => Sd2,
            1280 => SdxlRefiner,
            2048 => Sdxl,
            _ => null,
        };
        return context
            ?? width
            ?? (
                names.Any(OutermostAttentionPattern().IsMatch) ? Sd1Or2
                : names.Any(SecondTextEncoderPattern().IsMatch) ? Sdxl
                : null
            );
    }

    private static bool IsKey(string name) => name.EndsWith(CrossAttentionKey, StringComparison.Ordinal);

    // The width of the text encoder through that of the layer: columns through rows of a cross attention's key. SDXL's 2048
    // stands over layers of 640 and, further in, 1280; that of SD 2, 1024, over layers of 320, 640 and 1280.
    private static string? FromContext(Weight weight, string name)
    {
        if (weight is not { Out: > 0, In: > 0 } || !IsKey(name))
        {
            return null;
        }

        double ratio = (double)weight.In.Value / weight.Out.Value;
        bool Is(double columns, double rows) => Math.Abs((ratio * rows / columns) - 1) < 0.02;
        return Is(768, 320) || Is(768, 640) || Is(768, 1280) ? Sd1
            : Is(1024, 1280) ? Sd2
            : Is(1280, 768) || Is(1280, 1536) ? SdxlRefiner
            : Is(2048, 640) ? (OutermostAttentionPattern().IsMatch(name) ? Sd2 : Sdxl)
            : Is(2048, 1280) ? (InnermostAttentionPattern().IsMatch(name) ? Sdxl : Sd2)
            : null;
    }

    // Of Stability's names behind kohya's prefix kohya's trainer writes those of SDXL only; SD 1 and 2 get diffusers' names.
    private static string? FromSpelling(IReadOnlyList<InventoriedLayer> layers) =>
        layers.Any(static layer => StabilityBehindKohyaPattern().IsMatch(layer.Name)) ? Sdxl : null;

    // Not sure at all: the name that somebody gave to a checkpoint.
    private static string? FromFileName(string? name)
    {
        const int LongestName = 300;
        return name is null or { Length: > LongestName } ? null
            : name.Contains("xl", StringComparison.OrdinalIgnoreCase) ? Sdxl
            : FromNote(Path.GetFileNameWithoutExtension(name)) ?? (name.Contains("v1-5", StringComparison.OrdinalIgnoreCase) ? Sd1 : null);
    }

    // blocks.0.self_attn.q; blocks.0.self_attn.q_proj is Cosmos.
    [GeneratedRegex("(^|_)blocks_[0-9]+_(self|cross)_attn_[qkvo]($|_(?!proj|norm))", RegexOptions.CultureInvariant)]
    private static partial Regex WanPattern();

    // transformer.blocks.0.attn1.to_q; with an underscore before "blocks" it is another family.
    [GeneratedRegex(@"(^|\.)blocks\.[0-9]+\.attn1\.", RegexOptions.CultureInvariant)]
    private static partial Regex WanOfDiffusersPattern();

    [GeneratedRegex("(^|_)blocks_[0-9]+_(self|cross)_attn_[qkv]_proj", RegexOptions.CultureInvariant)]
    private static partial Regex CosmosPattern();

    // layers.0.attention.qkv
    [GeneratedRegex("(^|_)layers_[0-9]+_attention_(qkv|out|to_q)($|_)", RegexOptions.CultureInvariant)]
    private static partial Regex LuminaPattern();

    // Only SDXL has more than one transformer in an attention, two to ten, or attention in the first blocks of the way up:
    // down_blocks.1.attentions.0.transformer_blocks.1, up_blocks.0.attentions.0, output_blocks.0.1.proj_in.
    [GeneratedRegex(
        "(_1|attentions_[0-9]+)_transformer_blocks_[1-9]_|up_blocks_0_attentions_"
            + "|output_blocks_[0-2]_1_(transformer_blocks|proj_in|proj_out|norm)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex SdxlAttentionPattern();

    // Only SD 1 and 2 have attention at full width.
    [GeneratedRegex(
        "down_blocks_0_attentions_|up_blocks_3_attentions_|input_blocks_[12]_1_|output_blocks_(9|10|11)_1_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OutermostAttentionPattern();

    [GeneratedRegex(
        "down_blocks_2_|mid_block_|up_blocks_0_|input_blocks_[78]_|middle_block_|output_blocks_[0-2]_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex InnermostAttentionPattern();

    [GeneratedRegex("te2_text_model_|text_encoder_2_text_model_|^clip_g_", RegexOptions.CultureInvariant)]
    private static partial Regex SecondTextEncoderPattern();

    [GeneratedRegex("^lora_unet_(input_blocks|middle_block|output_blocks)_", RegexOptions.CultureInvariant)]
    private static partial Regex StabilityBehindKohyaPattern();

    // A layer or tensor with its sides, where they are known.
    private sealed record Weight(string Name, long? Out, long? In);
}
