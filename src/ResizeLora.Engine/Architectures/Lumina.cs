using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>
/// Z-Image and Lumina 2, which share their skeleton: layers, noise_refiner and context_refiner. This is the one to take where nothing
/// tells which of them.
/// </summary>
internal partial class Lumina : Architecture
{
    /// <inheritdoc/>
    public override string Name => "Z-Image or Lumina 2";

    // Qwen 3 in Z-Image, Gemma 2 in Lumina 2.
    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is Lumina;

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.Matches(SkeletonPattern()) || names.HasAny("cap_embedder", "cap_pad_token");

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
    [
        .. Block("layers.{i}"),
        .. Block("noise_refiner.{i}"),
        .. Block("context_refiner.{i}"),
        // Z-Image: the list is one of patch sizes, of which there is one, 2-1.
        .. Alias.Same("x_embedder", "all_x_embedder.2-1"),
        .. Alias.Same("final_layer.{*}", "all_final_layer.2-1.{*}"),
        // Lumina 2.
        .. Alias.Same("cap_embedder.{*}", "time_caption_embed.caption_embedder.{*}"),
        .. Alias.Same("t_embedder.mlp.0", "time_caption_embed.timestep_embedder.linear_1"),
        .. Alias.Same("t_embedder.mlp.2", "time_caption_embed.timestep_embedder.linear_2"),
        .. Alias.Same("final_layer.adaLN_modulation.1", "norm_out.linear_1"),
        .. Alias.Same("final_layer.linear", "norm_out.linear_2"),
    ];

    // layers.0.attention.qkv.weight of Lumina 2 [3840, 2304] holds 2304 rows of q and 768 each of k and v; that of Z-Image
    // [11520, 3840] 3840 of each, which is the same rule.
    // diffusers: layers.0.attention.to_q in Z-Image, layers.0.attn.to_q in Lumina 2.
    private static IEnumerable<Alias> Block(string block) =>
        [
            .. Alias.Parts(
                $"{block}.attention.qkv",
                RowSplit.GroupedAttention,
                $"{block}.attention.to_q",
                $"{block}.attention.to_k",
                $"{block}.attention.to_v"
            ),
            .. Alias.Parts(
                $"{block}.attention.qkv",
                RowSplit.GroupedAttention,
                $"{block}.attn.to_q",
                $"{block}.attn.to_k",
                $"{block}.attn.to_v"
            ),
            .. Alias.Same($"{block}.attention.out", $"{block}.attention.to_out.0", $"{block}.attn.to_out.0"),
            .. Alias.Same($"{block}.feed_forward.w1", $"{block}.feed_forward.linear_1"),
            .. Alias.Same($"{block}.feed_forward.w2", $"{block}.feed_forward.linear_2"),
            .. Alias.Same($"{block}.feed_forward.w3", $"{block}.feed_forward.linear_3"),
            .. Alias.Same($"{block}.adaLN_modulation.1", $"{block}.norm1.linear"),
        ];

    [GeneratedRegex(
        "^_(layers_[0-9]+_attention_(qkv|out|to_[qkv]|to_out)|(noise|context)_refiner_[0-9]+_(attention|feed_forward|adaLN))_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex SkeletonPattern();
}

/// <summary>Z-Image: 30 layers, Qwen 3.</summary>
internal sealed partial class ZImage : Lumina
{
    /// <inheritdoc/>
    public override string Name => "Z-Image";

    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is Lumina and not Lumina2;

    // layers.0.adaLN_modulation.0, in Lumina 2 …1; a qkv of three rows a column, in Lumina 2 five rows for three columns.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("all_x_embedder", "all_final_layer", "cap_pad_token", "x_pad_token")
        || names.Matches(OwnPattern())
        || names.HasProportion(FusedPattern(), 3, 1);

    [GeneratedRegex(
        "^_(layers|noise_refiner|context_refiner)_[0-9]+_(adaLN_modulation_0|attention_to_([qkv]|out))_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OwnPattern();

    [GeneratedRegex("^_(layers|noise_refiner|context_refiner)_[0-9]+_attention_qkv_", RegexOptions.CultureInvariant)]
    private static partial Regex FusedPattern();
}

/// <summary>Lumina Image 2.0 and its finetunes (NetaYume): 26 layers, Gemma 2.</summary>
internal sealed partial class Lumina2 : Lumina
{
    /// <inheritdoc/>
    public override string Name => "Lumina 2";

    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is Lumina and not ZImage;

    // OmniGen 2 took over the names, and has another refiner.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        !names.HasAny("ref_image_refiner", "image_index_embedding")
        && (names.Has("time_caption_embed") || names.Matches(OwnPattern()) || names.HasProportion(FusedPattern(), 5, 3));

    [GeneratedRegex(
        "^_(layers|noise_refiner|context_refiner)_[0-9]+_(adaLN_modulation_1|attn_to_([qkv]|out)|feed_forward_linear_[123])_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OwnPattern();

    [GeneratedRegex("^_(layers|noise_refiner|context_refiner)_[0-9]+_attention_qkv_", RegexOptions.CultureInvariant)]
    private static partial Regex FusedPattern();
}
