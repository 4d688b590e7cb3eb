using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>Wan 2.1 and 2.2 (1.3B and 5B: 30 blocks; 14B: 40), VACE among them.</summary>
internal sealed partial class Wan : Architecture
{
    private const string Condition = "condition_embedder";

    /// <inheritdoc/>
    public override string Name => "Wan";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.T5];

    /// <inheritdoc/>
    public override string ComfyT5 => "umt5xxl";

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("vace_blocks", "vace_patch_embedding", "head.head", "head.modulation", "condition_embedder.image_embedder")
        || names.Matches(NativePattern())
        || names.Matches(DiffusersPattern());

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Block("blocks.{i}"),
            .. Block("vace_blocks.{i}"),
            .. Alias.Same("vace_blocks.{i}.before_proj", "vace_blocks.{i}.proj_in"),
            .. Alias.Same("vace_blocks.{i}.after_proj", "vace_blocks.{i}.proj_out"),
            .. Alias.Same("time_embedding.0", $"{Condition}.time_embedder.linear_1"),
            .. Alias.Same("time_embedding.2", $"{Condition}.time_embedder.linear_2"),
            .. Alias.Same("text_embedding.0", $"{Condition}.text_embedder.linear_1"),
            .. Alias.Same("text_embedding.2", $"{Condition}.text_embedder.linear_2"),
            .. Alias.Same("time_projection.1", $"{Condition}.time_proj"),
            // Image to video: the two norms and, between them, the two linear layers.
            .. Alias.Same("img_emb.proj.0", $"{Condition}.image_embedder.norm1"),
            .. Alias.Same("img_emb.proj.1", $"{Condition}.image_embedder.ff.net.0.proj"),
            .. Alias.Same("img_emb.proj.3", $"{Condition}.image_embedder.ff.net.2"),
            .. Alias.Same("img_emb.proj.4", $"{Condition}.image_embedder.norm2"),
            .. Alias.Same("head.head", "proj_out"),
            .. Alias.Same("head.modulation", "scale_shift_table"),
        ];

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } = ["patch_embedding", "vace_patch_embedding"];

    // blocks.0.self_attn.q is blocks.0.attn1.to_q, blocks.0.cross_attn.k_img is blocks.0.attn2.add_k_proj. Nothing is fused.
    private static IEnumerable<Alias> Block(string block) =>
        [
            .. Attention($"{block}.self_attn", $"{block}.attn1"),
            .. Attention($"{block}.cross_attn", $"{block}.attn2"),
            .. Alias.Same($"{block}.cross_attn.k_img", $"{block}.attn2.add_k_proj"),
            .. Alias.Same($"{block}.cross_attn.v_img", $"{block}.attn2.add_v_proj"),
            .. Alias.Same($"{block}.cross_attn.norm_k_img", $"{block}.attn2.norm_added_k"),
            .. Alias.Same($"{block}.ffn.0", $"{block}.ffn.net.0.proj"),
            .. Alias.Same($"{block}.ffn.2", $"{block}.ffn.net.2"),
            // The norm in front of the cross attention, the only one with weights: norm3 here, norm2 in diffusers.
            .. Alias.Same($"{block}.norm3", $"{block}.norm2"),
            .. Alias.Same($"{block}.modulation", $"{block}.scale_shift_table"),
        ];

    private static IEnumerable<Alias> Attention(string native, string diffusers) =>
        [
            .. Alias.Same($"{native}.q", $"{diffusers}.to_q"),
            .. Alias.Same($"{native}.k", $"{diffusers}.to_k"),
            .. Alias.Same($"{native}.v", $"{diffusers}.to_v"),
            .. Alias.Same($"{native}.o", $"{diffusers}.to_out.0"),
            .. Alias.Same($"{native}.norm_q", $"{diffusers}.norm_q"),
            .. Alias.Same($"{native}.norm_k", $"{diffusers}.norm_k"),
        ];

    // blocks.0.self_attn.q; blocks.0.self_attn.q_proj is Cosmos, blocks.0.attn.wq Krea 2.
    [GeneratedRegex(
        "^_blocks_[0-9]+_((self|cross)_attn_[qkvo]_(?!proj|norm)|cross_attn_[kv]_img_|ffn_[02]_)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex NativePattern();

    // blocks.0.attn1.to_q; transformer_blocks.0.attn1.to_q is another family.
    [GeneratedRegex("^_blocks_[0-9]+_(attn[12]_(to_[qkv]|to_out|add_[kv]_proj)|ffn_net)_", RegexOptions.CultureInvariant)]
    private static partial Regex DiffusersPattern();
}
