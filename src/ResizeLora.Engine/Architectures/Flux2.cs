using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>
/// Flux.2 (dev: 8 double and 48 single blocks; Klein 9B: 8 and 24; Klein 4B: 5 and 20). The blocks are named as in Flux.1, but all of
/// a kind share one modulation, and the MLP has a gate.
/// </summary>
internal sealed partial class Flux2 : Architecture
{
    private const string Double = "double_blocks.{i}";
    private const string Single = "single_blocks.{i}";
    private const string DiffusersDouble = "transformer_blocks.{i}";
    private const string DiffusersSingle = "single_transformer_blocks.{i}";
    private const string Time = "time_guidance_embed";

    /// <inheritdoc/>
    public override string Name => "Flux.2";

    // Mistral in dev, Qwen 3 in Klein.
    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    // Adapters seldom have the modulations, whose names say it. The gate tells, by proportions: single_blocks.0.linear1 has 9 rows a
    // column (q, k, v and twice 3), in Flux.1 7; img_mlp.0 has 6, in Flux.1 4. Only dev has more than 40 single blocks.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny(
            "double_stream_modulation_img",
            "double_stream_modulation_txt",
            "single_stream_modulation",
            "to_qkv_mlp_proj",
            "ff.linear_in",
            "ff_context.linear_in"
        )
        || names.HasProportion(FusedPattern(), 9, 1)
        || names.HasProportion(MlpPattern(), 6, 1)
        || names.CountOf("single_blocks") > 40;

    // double_blocks.0.img_attn.qkv.weight [12288, 4096] holds to_q, to_k and to_v of transformer_blocks.0.attn, one below the other.
    // single_blocks.0.linear1.weight [36864, 4096] stays whole in diffusers: single_transformer_blocks.0.attn.to_qkv_mlp_proj.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Parts(
                $"{Double}.img_attn.qkv",
                RowSplit.Thirds,
                $"{DiffusersDouble}.attn.to_q",
                $"{DiffusersDouble}.attn.to_k",
                $"{DiffusersDouble}.attn.to_v"
            ),
            .. Alias.Numbered($"{Double}.img_attn.qkv", RowSplit.Thirds),
            .. Alias.Parts(
                $"{Double}.txt_attn.qkv",
                RowSplit.Thirds,
                $"{DiffusersDouble}.attn.add_q_proj",
                $"{DiffusersDouble}.attn.add_k_proj",
                $"{DiffusersDouble}.attn.add_v_proj"
            ),
            .. Alias.Numbered($"{Double}.txt_attn.qkv", RowSplit.Thirds),
            .. Alias.Same($"{Double}.img_attn.proj", $"{DiffusersDouble}.attn.to_out.0"),
            .. Alias.Same($"{Double}.txt_attn.proj", $"{DiffusersDouble}.attn.to_add_out"),
            .. Alias.Same($"{Double}.img_mlp.0", $"{DiffusersDouble}.ff.linear_in"),
            .. Alias.Same($"{Double}.img_mlp.2", $"{DiffusersDouble}.ff.linear_out"),
            .. Alias.Same($"{Double}.txt_mlp.0", $"{DiffusersDouble}.ff_context.linear_in"),
            .. Alias.Same($"{Double}.txt_mlp.2", $"{DiffusersDouble}.ff_context.linear_out"),
            .. Alias.Same($"{Single}.linear1", $"{DiffusersSingle}.attn.to_qkv_mlp_proj"),
            .. Alias.Same($"{Single}.linear2", $"{DiffusersSingle}.attn.to_out"),
            .. Alias.Same("double_stream_modulation_img.lin", "double_stream_modulation_img.linear"),
            .. Alias.Same("double_stream_modulation_txt.lin", "double_stream_modulation_txt.linear"),
            .. Alias.Same("single_stream_modulation.lin", "single_stream_modulation.linear"),
            .. Alias.Same("img_in", "x_embedder"),
            .. Alias.Same("txt_in", "context_embedder"),
            .. Alias.Same("time_in.in_layer", $"{Time}.timestep_embedder.linear_1"),
            .. Alias.Same("time_in.out_layer", $"{Time}.timestep_embedder.linear_2"),
            .. Alias.Same("guidance_in.in_layer", $"{Time}.guidance_embedder.linear_1"),
            .. Alias.Same("guidance_in.out_layer", $"{Time}.guidance_embedder.linear_2"),
            .. Alias.Same("final_layer.linear", "proj_out"),
            Alias.Swapped("final_layer.adaLN_modulation.1", "norm_out.linear"),
        ];

    [GeneratedRegex("^_single_blocks_[0-9]+_linear1_", RegexOptions.CultureInvariant)]
    private static partial Regex FusedPattern();

    [GeneratedRegex("^_double_blocks_[0-9]+_(img|txt)_mlp_0_", RegexOptions.CultureInvariant)]
    private static partial Regex MlpPattern();
}
