using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>SD 3 and 3.5 medium (24 joint blocks), SD 3.5 large (38).</summary>
internal sealed partial class StableDiffusion3 : Architecture
{
    private const string Image = "joint_blocks.{i}.x_block";
    private const string Text = "joint_blocks.{i}.context_block";
    private const string Diffusers = "transformer_blocks.{i}";
    private const string Time = "time_text_embed";

    /// <inheritdoc/>
    public override string Name => "SD 3";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } =
    [TextEncoderKind.ClipL, TextEncoderKind.ClipG, TextEncoderKind.T5];

    // In diffusers the blocks are named as the double blocks of Flux.1 are. SD 3 has 24 or 38 of them and nothing else; Flux.1 has 19
    // and single blocks, Qwen-Image has 60. SD 3.5 medium has a second attention, attn2, beside the joint one.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.Has("joint_blocks")
        || (names.Matches(JointPattern()) && names.Has("pos_embed.proj"))
        || (names.Matches(JointPattern()) && names.Matches(SecondAttentionPattern()))
        || (names.Matches(JointPattern()) && names.CountOf("transformer_blocks") is 24 or 38 && !names.Has("single_transformer_blocks"));

    // joint_blocks.0.x_block.attn.qkv.weight [4608, 1536] holds to_q, to_k and to_v of transformer_blocks.0.attn, one below the other;
    // context_block.attn.qkv those of the text, add_q_proj and so on.
    // In the last block diffusers has the halves of norm1_context.linear in the other order; names do not tell which is the last.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Parts(
                $"{Image}.attn.qkv",
                RowSplit.Thirds,
                $"{Diffusers}.attn.to_q",
                $"{Diffusers}.attn.to_k",
                $"{Diffusers}.attn.to_v"
            ),
            .. Alias.Parts(
                $"{Text}.attn.qkv",
                RowSplit.Thirds,
                $"{Diffusers}.attn.add_q_proj",
                $"{Diffusers}.attn.add_k_proj",
                $"{Diffusers}.attn.add_v_proj"
            ),
            .. Alias.Parts(
                $"{Image}.attn2.qkv",
                RowSplit.Thirds,
                $"{Diffusers}.attn2.to_q",
                $"{Diffusers}.attn2.to_k",
                $"{Diffusers}.attn2.to_v"
            ),
            .. Alias.Same($"{Image}.attn.proj", $"{Diffusers}.attn.to_out.0"),
            .. Alias.Same($"{Image}.attn2.proj", $"{Diffusers}.attn2.to_out.0"),
            .. Alias.Same($"{Text}.attn.proj", $"{Diffusers}.attn.to_add_out"),
            .. Alias.Same($"{Image}.mlp.fc1", $"{Diffusers}.ff.net.0.proj"),
            .. Alias.Same($"{Image}.mlp.fc2", $"{Diffusers}.ff.net.2"),
            .. Alias.Same($"{Text}.mlp.fc1", $"{Diffusers}.ff_context.net.0.proj"),
            .. Alias.Same($"{Text}.mlp.fc2", $"{Diffusers}.ff_context.net.2"),
            .. Alias.Same($"{Image}.adaLN_modulation.1", $"{Diffusers}.norm1.linear"),
            .. Alias.Same($"{Text}.adaLN_modulation.1", $"{Diffusers}.norm1_context.linear"),
            .. Alias.Same("x_embedder.proj", "pos_embed.proj"),
            .. Alias.Same("t_embedder.mlp.0", $"{Time}.timestep_embedder.linear_1"),
            .. Alias.Same("t_embedder.mlp.2", $"{Time}.timestep_embedder.linear_2"),
            .. Alias.Same("y_embedder.mlp.0", $"{Time}.text_embedder.linear_1"),
            .. Alias.Same("y_embedder.mlp.2", $"{Time}.text_embedder.linear_2"),
            .. Alias.Same("final_layer.linear", "proj_out"),
            Alias.Swapped("final_layer.adaLN_modulation.1", "norm_out.linear"),
        ];

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } = ["context_embedder"];

    [GeneratedRegex(
        "^_transformer_blocks_[0-9]+_(attn_add_[qkv]_proj|attn_to_add_out|norm1_context|ff_context_net)_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex JointPattern();

    [GeneratedRegex("^_transformer_blocks_[0-9]+_attn2_", RegexOptions.CultureInvariant)]
    private static partial Regex SecondAttentionPattern();
}
