using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>Qwen-Image, Edit and its later versions: 60 blocks. All trainers use the names of the model itself.</summary>
internal sealed partial class QwenImage : Architecture
{
    /// <inheritdoc/>
    public override string Name => "Qwen-Image";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    // transformer_blocks.0.img_mlp.net.0.proj, transformer_blocks.0.img_mod.1. The attention's names are those of SD 3 and Flux in
    // diffusers, which have fewer blocks.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.Matches(OwnPattern()) || (names.Matches(AttentionPattern()) && names.CountOf("transformer_blocks") is > 38 and <= 60);

    /// <inheritdoc/>
    public override string ComfyLanguageModel => "qwen25_7b";

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    [
        "transformer_blocks.{i}.attn.to_q",
        "transformer_blocks.{i}.attn.to_k",
        "transformer_blocks.{i}.attn.to_v",
        "transformer_blocks.{i}.attn.to_out.0",
        "transformer_blocks.{i}.attn.add_q_proj",
        "transformer_blocks.{i}.attn.add_k_proj",
        "transformer_blocks.{i}.attn.add_v_proj",
        "transformer_blocks.{i}.attn.to_add_out",
        "transformer_blocks.{i}.img_mlp.net.0.proj",
        "transformer_blocks.{i}.img_mlp.net.2",
        "transformer_blocks.{i}.txt_mlp.net.0.proj",
        "transformer_blocks.{i}.txt_mlp.net.2",
        "transformer_blocks.{i}.img_mod.1",
        "transformer_blocks.{i}.txt_mod.1",
        "img_in",
        "txt_in",
        "time_text_embed.timestep_embedder.linear_1",
        "time_text_embed.timestep_embedder.linear_2",
        "norm_out.linear",
        "proj_out",
    ];

    [GeneratedRegex("^_transformer_blocks_[0-9]+_(img|txt)_(mlp_net|mod_1)_", RegexOptions.CultureInvariant)]
    private static partial Regex OwnPattern();

    [GeneratedRegex("^_transformer_blocks_[0-9]+_attn_(to_[qkv]|to_out|add_[qkv]_proj|to_add_out)_", RegexOptions.CultureInvariant)]
    private static partial Regex AttentionPattern();
}
