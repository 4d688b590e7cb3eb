namespace ResizeLora.Architectures;

/// <summary>PixArt alpha and sigma: 28 blocks.</summary>
internal sealed class PixArt : Architecture
{
    private const string Block = "blocks.{i}";
    private const string Diffusers = "transformer_blocks.{i}";
    private const string Time = "adaln_single";

    /// <inheritdoc/>
    public override string Name => "PixArt";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.T5];

    // adaln_single.linear alone is LTX-Video too; so is transformer_blocks.0.attn1.to_q.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny(
            "cross_attn.q_linear",
            "cross_attn.kv_linear",
            "t_block.1",
            "csize_embedder",
            "ar_embedder",
            "adaln_single.emb.resolution_embedder"
        ) || (names.Has("adaln_single") && names.Has("pos_embed.proj"));

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Attentions,
            .. Alias.Same($"{Block}.mlp.fc1", $"{Diffusers}.ff.net.0.proj"),
            .. Alias.Same($"{Block}.mlp.fc2", $"{Diffusers}.ff.net.2"),
            .. Embedder("t_embedder", "timestep_embedder"),
            .. Embedder("csize_embedder", "resolution_embedder"),
            .. Embedder("ar_embedder", "aspect_ratio_embedder"),
            .. Alias.Same("t_block.1", $"{Time}.linear"),
            .. Alias.Same("x_embedder.proj", "pos_embed.proj"),
            .. Captions,
            .. Alias.Same("final_layer.linear", "proj_out"),
        ];

    // blocks.0.attn.qkv.weight [3456, 1152] holds to_q, to_k and to_v of transformer_blocks.0.attn1, one below the other;
    // blocks.0.cross_attn.kv_linear.weight [2304, 1152] to_k and to_v of transformer_blocks.0.attn2.
    /// <summary>The names of the attentions, which Sana has too.</summary>
    internal static IEnumerable<Alias> Attentions =>
        [
            .. Alias.Parts(
                $"{Block}.attn.qkv",
                RowSplit.Thirds,
                $"{Diffusers}.attn1.to_q",
                $"{Diffusers}.attn1.to_k",
                $"{Diffusers}.attn1.to_v"
            ),
            .. Alias.Same($"{Block}.attn.proj", $"{Diffusers}.attn1.to_out.0"),
            .. Alias.Same($"{Block}.cross_attn.q_linear", $"{Diffusers}.attn2.to_q"),
            .. Alias.Parts($"{Block}.cross_attn.kv_linear", RowSplit.Halves, $"{Diffusers}.attn2.to_k", $"{Diffusers}.attn2.to_v"),
            .. Alias.Same($"{Block}.cross_attn.proj", $"{Diffusers}.attn2.to_out.0"),
        ];

    /// <summary>The names of what reads the text, which Sana has too.</summary>
    internal static IEnumerable<Alias> Captions =>
        [
            .. Alias.Same("y_embedder.y_proj.fc1", "caption_projection.linear_1"),
            .. Alias.Same("y_embedder.y_proj.fc2", "caption_projection.linear_2"),
        ];

    private static IEnumerable<Alias> Embedder(string native, string diffusers) =>
        [
            .. Alias.Same($"{native}.mlp.0", $"{Time}.emb.{diffusers}.linear_1"),
            .. Alias.Same($"{native}.mlp.2", $"{Time}.emb.{diffusers}.linear_2"),
        ];
}
