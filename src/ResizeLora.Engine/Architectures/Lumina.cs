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

    // Where nothing tells which of the two it is, Z-Image's names come first.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases => [.. ZImageAliases, .. Lumina2Aliases];

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    [
        .. Blocks.Select(static block => $"{block}.adaLN_modulation.0"),
        "cap_embedder.1",
        "t_embedder.mlp.0",
        "t_embedder.mlp.2",
        // Behind final_layer and all_final_layer.2-1.
        "adaLN_modulation.1",
    ];

    // The list all_x_embedder is one of patch sizes, of which there is one, 2-1.
    /// <summary>Z-Image in diffusers, which keeps most of the native names.</summary>
    protected static IEnumerable<Alias> ZImageAliases =>
        [
            .. Blocks.SelectMany(static block => Attention($"{block}.attention", $"{block}.attention")),
            .. Alias.Same("x_embedder", "all_x_embedder.2-1"),
            .. Alias.Same("final_layer.{*}", "all_final_layer.2-1.{*}"),
        ];

    /// <summary>Lumina 2 in diffusers.</summary>
    protected static IEnumerable<Alias> Lumina2Aliases =>
        [
            .. Blocks.SelectMany(Lumina2Block),
            .. Alias.Same("cap_embedder.{*}", "time_caption_embed.caption_embedder.{*}"),
            .. Alias.Same("t_embedder.mlp.0", "time_caption_embed.timestep_embedder.linear_1"),
            .. Alias.Same("t_embedder.mlp.2", "time_caption_embed.timestep_embedder.linear_2"),
            .. Alias.Same("final_layer.adaLN_modulation.1", "norm_out.linear_1"),
            .. Alias.Same("final_layer.linear", "norm_out.linear_2"),
        ];

    private static string[] Blocks => ["layers.{i}", "noise_refiner.{i}", "context_refiner.{i}"];

    // diffusers: layers.0.attn.to_q, in Z-Image layers.0.attention.to_q.
    private static IEnumerable<Alias> Lumina2Block(string block) =>
        [
            .. Attention($"{block}.attention", $"{block}.attn"),
            .. Alias.Same($"{block}.feed_forward.w1", $"{block}.feed_forward.linear_1"),
            .. Alias.Same($"{block}.feed_forward.w2", $"{block}.feed_forward.linear_2"),
            .. Alias.Same($"{block}.feed_forward.w3", $"{block}.feed_forward.linear_3"),
            .. Alias.Same($"{block}.adaLN_modulation.1", $"{block}.norm1.linear"),
        ];

    // layers.0.attention.qkv.weight of Lumina 2 [3840, 2304] holds 2304 rows of q and 768 each of k and v; that of Z-Image
    // [11520, 3840] 3840 of each, which is the same rule.
    private static IEnumerable<Alias> Attention(string native, string diffusers) =>
        [
            .. Alias.Parts($"{native}.qkv", RowSplit.GroupedAttention, $"{diffusers}.to_q", $"{diffusers}.to_k", $"{diffusers}.to_v"),
            .. Alias.Same($"{native}.out", $"{diffusers}.to_out.0"),
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

    /// <inheritdoc/>
    public override string ComfyLanguageModel => "qwen3_4b";

    // musubi-tuner has the modules of diffusers; it takes no layer that is named attention_qkv.
    /// <inheritdoc/>
    public override bool KohyaUsesDiffusersNames => true;

    /// <inheritdoc/>
    protected override IEnumerable<Alias> DiffusersAliases => ZImageAliases;

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

    /// <inheritdoc/>
    public override string ComfyLanguageModel => "gemma2_2b";

    /// <inheritdoc/>
    protected override IEnumerable<Alias> DiffusersAliases => Lumina2Aliases;

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
