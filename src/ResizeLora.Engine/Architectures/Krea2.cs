using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>Krea 2. Nothing is fused.</summary>
internal sealed partial class Krea2 : Architecture
{
    /// <inheritdoc/>
    public override string Name => "Krea 2";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("txtfusion", "text_fusion", "attn.to_gate", "time_mod_proj") || names.Matches(OwnPattern());

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Block("blocks.{i}", "transformer_blocks.{i}"),
            .. Block("txtfusion.layerwise_blocks.{i}", "text_fusion.layerwise_blocks.{i}"),
            .. Block("txtfusion.refiner_blocks.{i}", "text_fusion.refiner_blocks.{i}"),
            .. Alias.Same("txtfusion.projector", "text_fusion.projector"),
            .. Alias.Same("first", "img_in"),
            .. Alias.Same("last.linear", "final_layer.linear"),
            .. Alias.Same("tmlp.0", "time_embed.linear_1"),
            .. Alias.Same("tmlp.2", "time_embed.linear_2"),
            .. Alias.Same("tproj.1", "time_mod_proj"),
            .. Alias.Same("txtmlp.1", "txt_in.linear_1"),
            .. Alias.Same("txtmlp.3", "txt_in.linear_2"),
        ];

    // blocks.0.attn.gate is transformer_blocks.0.attn.to_gate, blocks.0.mlp.gate is transformer_blocks.0.ff.gate.
    private static IEnumerable<Alias> Block(string native, string diffusers) =>
        [
            .. Alias.Same($"{native}.attn.wq", $"{diffusers}.attn.to_q"),
            .. Alias.Same($"{native}.attn.wk", $"{diffusers}.attn.to_k"),
            .. Alias.Same($"{native}.attn.wv", $"{diffusers}.attn.to_v"),
            .. Alias.Same($"{native}.attn.wo", $"{diffusers}.attn.to_out.0"),
            .. Alias.Same($"{native}.attn.gate", $"{diffusers}.attn.to_gate"),
            .. Alias.Same($"{native}.mlp.{{*}}", $"{diffusers}.ff.{{*}}"),
        ];

    [GeneratedRegex("^_blocks_[0-9]+_(attn_(w[qkvo]|gate)|mlp_(gate|up|down))_", RegexOptions.CultureInvariant)]
    private static partial Regex OwnPattern();
}
