namespace ResizeLora.Architectures;

/// <summary>AuraFlow (4 double and 32 single layers). Nothing is fused.</summary>
internal sealed class AuraFlow : Architecture
{
    private const string Double = "double_layers.{i}";
    private const string Single = "single_layers.{i}";
    private const string DiffusersDouble = "joint_transformer_blocks.{i}";
    private const string DiffusersSingle = "single_transformer_blocks.{i}";

    /// <inheritdoc/>
    public override string Name => "AuraFlow";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.T5];

    /// <inheritdoc/>
    public override string ComfyT5 => "pile_t5xl";

    // single_transformer_blocks alone is Flux; only here its MLP is ff.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("double_layers", "single_layers", "joint_transformer_blocks", "cond_seq_linear", "init_x_linear")
        || names.HasAny("ff.out_projection", "ff_context.out_projection");

    // w1 is the text's, w2 the image's: double_layers.0.attn.w2q is joint_transformer_blocks.0.attn.to_q, …w1q is …add_q_proj.
    // In a single layer there is w1 alone: single_layers.0.attn.w1q is single_transformer_blocks.0.attn.to_q.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Same($"{Double}.attn.w2q", $"{DiffusersDouble}.attn.to_q"),
            .. Alias.Same($"{Double}.attn.w2k", $"{DiffusersDouble}.attn.to_k"),
            .. Alias.Same($"{Double}.attn.w2v", $"{DiffusersDouble}.attn.to_v"),
            .. Alias.Same($"{Double}.attn.w2o", $"{DiffusersDouble}.attn.to_out.0"),
            .. Alias.Same($"{Double}.attn.w1q", $"{DiffusersDouble}.attn.add_q_proj"),
            .. Alias.Same($"{Double}.attn.w1k", $"{DiffusersDouble}.attn.add_k_proj"),
            .. Alias.Same($"{Double}.attn.w1v", $"{DiffusersDouble}.attn.add_v_proj"),
            .. Alias.Same($"{Double}.attn.w1o", $"{DiffusersDouble}.attn.to_add_out"),
            .. Mlp($"{Double}.mlpX", $"{DiffusersDouble}.ff"),
            .. Mlp($"{Double}.mlpC", $"{DiffusersDouble}.ff_context"),
            .. Alias.Same($"{Double}.modX.1", $"{DiffusersDouble}.norm1.linear"),
            .. Alias.Same($"{Double}.modC.1", $"{DiffusersDouble}.norm1_context.linear"),
            .. Alias.Same($"{Single}.attn.w1q", $"{DiffusersSingle}.attn.to_q"),
            .. Alias.Same($"{Single}.attn.w1k", $"{DiffusersSingle}.attn.to_k"),
            .. Alias.Same($"{Single}.attn.w1v", $"{DiffusersSingle}.attn.to_v"),
            .. Alias.Same($"{Single}.attn.w1o", $"{DiffusersSingle}.attn.to_out.0"),
            .. Mlp($"{Single}.mlp", $"{DiffusersSingle}.ff"),
            .. Alias.Same($"{Single}.modCX.1", $"{DiffusersSingle}.norm1.linear"),
            .. Alias.Same("t_embedder.mlp.0", "time_step_proj.linear_1"),
            .. Alias.Same("t_embedder.mlp.2", "time_step_proj.linear_2"),
            .. Alias.Same("cond_seq_linear", "context_embedder"),
            .. Alias.Same("init_x_linear", "pos_embed.proj"),
            .. Alias.Same("final_linear", "proj_out"),
            Alias.Swapped("modF.1", "norm_out.linear"),
        ];

    private static IEnumerable<Alias> Mlp(string native, string diffusers) =>
        [
            .. Alias.Same($"{native}.c_fc1", $"{diffusers}.linear_1"),
            .. Alias.Same($"{native}.c_fc2", $"{diffusers}.linear_2"),
            .. Alias.Same($"{native}.c_proj", $"{diffusers}.out_projection"),
        ];
}
