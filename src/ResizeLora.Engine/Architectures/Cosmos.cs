using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>Cosmos Predict 2 and Anima, which is built on it and has an adapter for its language model. Nothing is fused.</summary>
internal sealed partial class Cosmos : Architecture
{
    private const string Block = "blocks.{i}";
    private const string Diffusers = "transformer_blocks.{i}";

    /// <inheritdoc/>
    public override string Name => "Cosmos or Anima";

    // Qwen 3 in Anima; nobody trains the T5 of Cosmos.
    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny("llm_adapter", "text_conditioner.blocks", "time_embed.t_embedder") || names.Matches(OwnPattern());

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Attention($"{Block}.self_attn", $"{Diffusers}.attn1"),
            .. Attention($"{Block}.cross_attn", $"{Diffusers}.attn2"),
            .. Alias.Same($"{Block}.mlp.layer1", $"{Diffusers}.ff.net.0.proj"),
            .. Alias.Same($"{Block}.mlp.layer2", $"{Diffusers}.ff.net.2"),
            .. Modulation($"{Block}.adaln_modulation_self_attn", $"{Diffusers}.norm1"),
            .. Modulation($"{Block}.adaln_modulation_cross_attn", $"{Diffusers}.norm2"),
            .. Modulation($"{Block}.adaln_modulation_mlp", $"{Diffusers}.norm3"),
            .. Modulation("final_layer.adaln_modulation", "norm_out"),
            .. Alias.Same("final_layer.linear", "proj_out"),
            .. Alias.Same("t_embedder.1.{*}", "time_embed.t_embedder.{*}"),
            .. Alias.Same("x_embedder.proj.1", "patch_embed.proj"),
            .. Alias.Same("llm_adapter.{*}", "text_conditioner.{*}"),
        ];

    /// <inheritdoc/>
    public override string ComfyLanguageModel => "qwen3_06b";

    // Behind llm_adapter.
    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    [
        .. ((string[])["self_attn", "cross_attn"]).SelectMany(static attention =>
            ((string[])["q_proj", "k_proj", "v_proj", "o_proj"]).Select(name => $"blocks.{{i}}.{attention}.{name}")
        ),
        "blocks.{i}.mlp.0",
        "blocks.{i}.mlp.2",
        "in_proj",
        "out_proj",
        "proj_in",
        "proj_out",
        // Behind t_embedder.1.
        "linear_1",
        "linear_2",
    ];

    // blocks.0.self_attn.output_proj is transformer_blocks.0.attn1.to_out.0.
    private static IEnumerable<Alias> Attention(string native, string diffusers) =>
        [
            .. Alias.Same($"{native}.q_proj", $"{diffusers}.to_q"),
            .. Alias.Same($"{native}.k_proj", $"{diffusers}.to_k"),
            .. Alias.Same($"{native}.v_proj", $"{diffusers}.to_v"),
            .. Alias.Same($"{native}.output_proj", $"{diffusers}.to_out.0"),
        ];

    // blocks.0.adaln_modulation_self_attn.1 is transformer_blocks.0.norm1.linear_1, and …2 is …linear_2.
    private static IEnumerable<Alias> Modulation(string native, string diffusers) =>
        [.. Alias.Same($"{native}.1", $"{diffusers}.linear_1"), .. Alias.Same($"{native}.2", $"{diffusers}.linear_2")];

    // blocks.0.self_attn.q_proj; blocks.0.self_attn.q is Wan.
    [GeneratedRegex(
        "^_(blocks_[0-9]+_((self|cross)_attn_(q|k|v|output)_proj|adaln_modulation_(self_attn|cross_attn|mlp)|mlp_layer[12])"
            + "|transformer_blocks_[0-9]+_norm[123]_linear_[12])_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OwnPattern();
}
