namespace ResizeLora.Architectures;

/// <summary>Sana: the attentions of PixArt, and convolutions in place of the MLP.</summary>
internal sealed class Sana : Architecture
{
    private const string Mlp = "blocks.{i}.mlp";
    private const string Diffusers = "transformer_blocks.{i}.ff";

    /// <inheritdoc/>
    public override string Name => "Sana";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("mlp.inverted_conv", "mlp.depth_conv", "mlp.point_conv", "ff.conv_inverted", "ff.conv_depth", "ff.conv_point");

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. PixArt.Attentions,
            .. PixArt.Captions,
            .. Alias.Same($"{Mlp}.inverted_conv.conv", $"{Diffusers}.conv_inverted"),
            .. Alias.Same($"{Mlp}.depth_conv.conv", $"{Diffusers}.conv_depth"),
            .. Alias.Same($"{Mlp}.point_conv.conv", $"{Diffusers}.conv_point"),
            .. Alias.Same("x_embedder.proj", "patch_embed.proj"),
            .. Alias.Same("t_embedder.mlp.0", "time_embed.emb.timestep_embedder.linear_1"),
            .. Alias.Same("t_embedder.mlp.2", "time_embed.emb.timestep_embedder.linear_2"),
            .. Alias.Same("t_block.1", "time_embed.linear"),
            .. Alias.Same("final_layer.linear", "proj_out"),
        ];
}
