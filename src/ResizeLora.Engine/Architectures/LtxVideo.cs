using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>LTX-Video (2B: 28 blocks, 13B: 48) and LTX-2, which has sound. Nothing is fused.</summary>
internal sealed partial class LtxVideo : Architecture
{
    private static readonly string[] Attentions =
    [
        "attn1",
        "attn2",
        "audio_attn1",
        "audio_attn2",
        "audio_to_video_attn",
        "video_to_audio_attn",
    ];

    /// <inheritdoc/>
    public override string Name => "LTX-Video";

    // LTX-2 has Gemma 3 in its place.
    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.T5];

    // Adapters have transformer_blocks.0.attn1.to_q and the like, as those of PixArt and Cosmos in diffusers, which have 28 blocks, or 36.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny(
            "patchify_proj",
            "audio_patchify_proj",
            "audio_proj_in",
            "audio_to_video_attn",
            "video_to_audio_attn",
            "audio_attn1",
            "audio_attn2",
            "attn1.q_norm"
        )
        || (names.Has("time_embed.emb.timestep_embedder") && names.Has("proj_in"))
        || (names.Matches(CrossAttentionPattern()) && names.CountOf("transformer_blocks") == 48);

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Same("patchify_proj", "proj_in"),
            .. Alias.Same("adaln_single.{*}", "time_embed.{*}"),
            .. Attentions.SelectMany(static attention => Norms($"transformer_blocks.{{i}}.{attention}")),
            // LTX-2.
            .. Alias.Same("audio_patchify_proj", "audio_proj_in"),
            .. Alias.Same("audio_adaln_single.{*}", "audio_time_embed.{*}"),
            .. Alias.Same("av_ca_video_scale_shift_adaln_single.{*}", "av_cross_attn_video_scale_shift.{*}"),
            .. Alias.Same("av_ca_audio_scale_shift_adaln_single.{*}", "av_cross_attn_audio_scale_shift.{*}"),
            .. Alias.Same("av_ca_a2v_gate_adaln_single.{*}", "av_cross_attn_video_a2v_gate.{*}"),
            .. Alias.Same("av_ca_v2a_gate_adaln_single.{*}", "av_cross_attn_audio_v2a_gate.{*}"),
            .. Prompt("prompt_adaln"),
            .. Prompt("audio_prompt_adaln"),
        ];

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules =>
        [
            .. Attentions.SelectMany(static attention => Projections($"transformer_blocks.{{i}}.{attention}")),
            "transformer_blocks.{i}.ff.net.0.proj",
            "transformer_blocks.{i}.ff.net.2",
            "transformer_blocks.{i}.audio_ff.net.0.proj",
            "transformer_blocks.{i}.audio_ff.net.2",
            "caption_projection.linear_1",
            "caption_projection.linear_2",
            "audio_caption_projection.linear_1",
            "audio_caption_projection.linear_2",
            "proj_out",
            "audio_proj_out",
            // Behind adaln_single.
            "linear",
            "emb.timestep_embedder.linear_1",
            "emb.timestep_embedder.linear_2",
        ];

    private static IEnumerable<string> Projections(string attention) =>
        [$"{attention}.to_q", $"{attention}.to_k", $"{attention}.to_v", $"{attention}.to_out.0", $"{attention}.to_gate_logits"];

    private static IEnumerable<Alias> Norms(string attention) =>
        [.. Alias.Same($"{attention}.q_norm", $"{attention}.norm_q"), .. Alias.Same($"{attention}.k_norm", $"{attention}.norm_k")];

    // prompt_adaln_single.linear is prompt_adaln.linear; a rest would take the name with _single for one without.
    private static IEnumerable<Alias> Prompt(string name) =>
        [.. Alias.Same($"{name}_single.linear", $"{name}.linear"), .. Alias.Same($"{name}_single.emb.{{*}}", $"{name}.emb.{{*}}")];

    [GeneratedRegex("^_transformer_blocks_[0-9]+_attn2_to_", RegexOptions.CultureInvariant)]
    private static partial Regex CrossAttentionPattern();
}
