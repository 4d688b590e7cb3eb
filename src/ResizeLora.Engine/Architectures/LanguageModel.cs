using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>
/// Language models (Qwen, Llama, Mistral, Gemma, Phi, GPT-2), by themselves or as the text encoder of an image model: in the words of
/// Hugging Face's transformers without what stands in front of <c>layers.0</c>, and those of llama.cpp, which GGUF files use.
/// </summary>
internal sealed partial class LanguageModel : Architecture
{
    private const string Layer = "layers.{i}";
    private const string Fused = $"{Layer}.self_attn.qkv_proj";
    private const string FusedMlp = $"{Layer}.mlp.gate_up_proj";
    private const string Gguf = "blk.{i}";

    // A model by itself has model.layers.0; with pictures model.language_model.layers.0, in older files language_model.model.layers.0.
    private static readonly string[] Beginnings = ["model", "model.language_model", "language_model.model"];

    /// <inheritdoc/>
    public override string Name => "Language model";

    /// <inheritdoc/>
    public override Component Denoiser => Component.LanguageModel;

    // ACE-Step has layers.0.self_attn.q_proj too, and a cross attention, which none of these has.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.Matches(LayerPattern()) && !names.Has("cross_attn");

    // GPT-2's projections are what transformers calls Conv1D: h.0.attn.c_attn.weight is [768, 2304], columns and rows.
    /// <inheritdoc/>
    public override bool IsTransposed(string path, bool isBare) => !isBare && Conv1DPattern().IsMatch(path);

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases => Known;

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules => KnownModules;

    /// <summary>Dotted names that no alias has: those of GPT-2, behind <c>h.0</c>.</summary>
    public static IEnumerable<string> KnownModules { get; } = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];

    // Phi 3 stores q, k and v in one: layers.0.self_attn.qkv_proj.weight, q as high as it is wide; and gate and up in
    // layers.0.mlp.gate_up_proj.weight. In the others they are weights of their own.
    /// <summary>The names, for a text encoder too.</summary>
    public static IEnumerable<Alias> Known { get; } =
    [
        .. Parts(Layer),
        .. Beginnings.SelectMany(static beginning => Parts($"{beginning}.{Layer}")),
        .. Beginnings.SelectMany(static beginning => Alias.Same($"{Layer}.{{*}}", $"{beginning}.{Layer}.{{*}}")),
        .. Beginnings.SelectMany(static beginning => Alias.Same("embed_tokens", $"{beginning}.embed_tokens")),
        .. Alias.Same("lm_head", "language_model.lm_head"),
        .. Alias.Same("visual.{*}", "model.visual.{*}"),
        // llama.cpp's converter changes the order of the rows of Llama's q and k; their norms stay the same.
        .. Alias.Parts(Fused, RowSplit.GroupedAttention, $"{Gguf}.attn_q", $"{Gguf}.attn_k", $"{Gguf}.attn_v"),
        .. Alias.Same($"{Layer}.self_attn.o_proj", $"{Gguf}.attn_output"),
        .. Alias.Parts(FusedMlp, RowSplit.Halves, $"{Gguf}.ffn_gate", $"{Gguf}.ffn_up"),
        .. Alias.Same($"{Layer}.mlp.down_proj", $"{Gguf}.ffn_down"),
        // GPT-2.
        .. Alias.Same("h.{i}.{*}", "transformer.h.{i}.{*}"),
    ];

    private static IEnumerable<Alias> Parts(string layer) =>
        [
            .. Alias.Parts(
                Fused,
                RowSplit.GroupedAttention,
                $"{layer}.self_attn.q_proj",
                $"{layer}.self_attn.k_proj",
                $"{layer}.self_attn.v_proj"
            ),
            .. Alias.Parts(FusedMlp, RowSplit.Halves, $"{layer}.mlp.gate_proj", $"{layer}.mlp.up_proj"),
        ];

    [GeneratedRegex(
        "^_((model_|model_language_model_|language_model_model_)?layers_[0-9]+_(self_attn|mlp)"
            + "|(transformer_)?h_[0-9]+_(attn_c_attn|attn_c_proj|mlp_c_fc|mlp_c_proj)|blk_[0-9]+_(attn|ffn))_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex LayerPattern();

    [GeneratedRegex("^h_[0-9]+_(attn_c_attn|attn_c_proj|mlp_c_fc|mlp_c_proj)$", RegexOptions.CultureInvariant)]
    private static partial Regex Conv1DPattern();
}
