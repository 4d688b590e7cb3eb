namespace ResizeLora.Architectures;

/// <summary>Stable Cascade, stages C and B: a U-Net whose blocks are numbered twice, such as <c>down_blocks.0.2.attention</c>.</summary>
internal sealed class StableCascade : Architecture
{
    /// <inheritdoc/>
    public override string Name => "Stable Cascade";

    /// <inheritdoc/>
    public override Component Denoiser => Component.UNet;

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipG];

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("kv_mapper", "channelwise", "clip_txt_mapper", "clip_txt_pooled_mapper", "clip_img_mapper");

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Attention("down_blocks.{i}.{i}.attention"),
            .. Attention("up_blocks.{i}.{i}.attention"),
            .. Alias.Same("clip_txt_pooled_mapper", "clip_mapper"),
        ];

    // ComfyUI divides the stacked projection when it opens a model.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> ComfyAliases =>
        [.. Aliases.Where(static alias => alias.Name.Contains(".attn.to_", StringComparison.Ordinal))];

    /// <inheritdoc/>
    protected override IEnumerable<Alias> DiffusersAliases =>
        [.. Aliases.Where(static alias => !alias.Name.Contains(".attn.", StringComparison.Ordinal))];

    /// <inheritdoc/>
    public override string KohyaPrefix => "lora_prior_";

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    [
        .. ((string[])["down_blocks.{i}.{i}", "up_blocks.{i}.{i}"]).SelectMany(static block =>
            (string[])
                [
                    $"{block}.kv_mapper.1",
                    $"{block}.depthwise",
                    $"{block}.channelwise.0",
                    $"{block}.channelwise.4",
                    $"{block}.mapper",
                    $"{block}.mapper_sca",
                    $"{block}.mapper_crp",
                ]
        ),
        "clip_txt_mapper",
        "clip_img_mapper",
    ];

    // down_blocks.0.2.attention.attn.in_proj_weight [6144, 2048], a tensor without .weight, holds to_q, to_k and to_v of
    // down_blocks.0.2.attention in diffusers, of down_blocks.0.2.attention.attn in ComfyUI.
    private static IEnumerable<Alias> Attention(string attention) =>
        [
            .. Alias.Same($"{attention}.attn.in_proj", $"{attention}.attn.in_proj_weight"),
            .. Alias.Parts($"{attention}.attn.in_proj", RowSplit.Thirds, $"{attention}.to_q", $"{attention}.to_k", $"{attention}.to_v"),
            .. Alias.Parts(
                $"{attention}.attn.in_proj",
                RowSplit.Thirds,
                $"{attention}.attn.to_q",
                $"{attention}.attn.to_k",
                $"{attention}.attn.to_v"
            ),
            .. Alias.Same($"{attention}.attn.out_proj", $"{attention}.to_out.0"),
        ];
}
