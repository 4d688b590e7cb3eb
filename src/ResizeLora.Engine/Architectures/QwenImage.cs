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

    [GeneratedRegex("^_transformer_blocks_[0-9]+_(img|txt)_(mlp_net|mod_1)_", RegexOptions.CultureInvariant)]
    private static partial Regex OwnPattern();

    [GeneratedRegex("^_transformer_blocks_[0-9]+_attn_(to_[qkv]|to_out|add_[qkv]_proj|to_add_out)_", RegexOptions.CultureInvariant)]
    private static partial Regex AttentionPattern();
}
