namespace ResizeLora.Architectures;

/// <summary>Flux.1 (dev, schnell, Kontext, Fill, Krea): 19 double blocks, 38 single blocks; and Chroma, which has no modulation.</summary>
internal class Flux : Architecture
{
    private const string Double = "double_blocks.{i}";
    private const string Single = "single_blocks.{i}";
    private const string DiffusersDouble = "transformer_blocks.{i}";
    private const string DiffusersSingle = "single_transformer_blocks.{i}";
    private const string Time = "time_text_embed";

    /// <inheritdoc/>
    public override string Name => "Flux";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipL, TextEncoderKind.T5];

    // Adapters of Flux are used on Chroma, whose blocks are the same.
    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is Flux;

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.HasAny("double_blocks", "single_blocks", "single_transformer_blocks");

    // double_blocks.0.img_attn.qkv.weight [9216, 3072] holds to_q, to_k and to_v of transformer_blocks.0.attn, one below the other.
    // single_blocks.0.linear1.weight [21504, 3072] holds to_q, to_k, to_v and proj_mlp of single_transformer_blocks.0.
    // OneTrainer numbers the parts: double_blocks.0.img_attn.qkv.0; XLabs has double_blocks.0.processor.qkv_lora1 (image), …2 (text).
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Stacked(
                $"{Double}.img_attn.qkv",
                $"{DiffusersDouble}.attn.to_q",
                $"{DiffusersDouble}.attn.to_k",
                $"{DiffusersDouble}.attn.to_v"
            ),
            .. Stacked(
                $"{Double}.txt_attn.qkv",
                $"{DiffusersDouble}.attn.add_q_proj",
                $"{DiffusersDouble}.attn.add_k_proj",
                $"{DiffusersDouble}.attn.add_v_proj"
            ),
            .. Alias.Same($"{Double}.img_attn.qkv", $"{Double}.processor.qkv_lora1"),
            .. Alias.Same($"{Double}.txt_attn.qkv", $"{Double}.processor.qkv_lora2"),
            .. Alias.Same($"{Double}.img_attn.proj", $"{DiffusersDouble}.attn.to_out.0", $"{Double}.processor.proj_lora1"),
            .. Alias.Same($"{Double}.txt_attn.proj", $"{DiffusersDouble}.attn.to_add_out", $"{Double}.processor.proj_lora2"),
            .. Alias.Same($"{Double}.img_mlp.0", $"{DiffusersDouble}.ff.net.0.proj"),
            .. Alias.Same($"{Double}.img_mlp.2", $"{DiffusersDouble}.ff.net.2"),
            .. Alias.Same($"{Double}.txt_mlp.0", $"{DiffusersDouble}.ff_context.net.0.proj"),
            .. Alias.Same($"{Double}.txt_mlp.2", $"{DiffusersDouble}.ff_context.net.2"),
            .. Alias.Same($"{Double}.img_mod.lin", $"{DiffusersDouble}.norm1.linear"),
            .. Alias.Same($"{Double}.txt_mod.lin", $"{DiffusersDouble}.norm1_context.linear"),
            .. Alias.Parts(
                $"{Single}.linear1",
                RowSplit.AttentionAndMlp,
                $"{DiffusersSingle}.attn.to_q",
                $"{DiffusersSingle}.attn.to_k",
                $"{DiffusersSingle}.attn.to_v",
                $"{DiffusersSingle}.proj_mlp"
            ),
            .. Alias.Numbered($"{Single}.linear1", RowSplit.AttentionAndMlp),
            Alias.FirstRows($"{Single}.linear1", RowSplit.AttentionAndMlp, 3, $"{Single}.processor.qkv_lora"),
            .. Alias.Same($"{Single}.linear2", $"{DiffusersSingle}.proj_out", $"{Single}.processor.proj_lora"),
            .. Alias.Same($"{Single}.modulation.lin", $"{DiffusersSingle}.norm.linear"),
            .. Alias.Same("img_in", "x_embedder"),
            .. Alias.Same("txt_in", "context_embedder"),
            .. Embedder("time_in", $"{Time}.timestep_embedder"),
            .. Embedder("vector_in", $"{Time}.text_embedder"),
            .. Embedder("guidance_in", $"{Time}.guidance_embedder"),
            .. Alias.Same("final_layer.linear", "proj_out"),
            Alias.Swapped("final_layer.adaLN_modulation.1", "norm_out.linear"),
            // Chroma.
            .. Embedder("distilled_guidance_layer.layers.{i}", "distilled_guidance_layer.layers.{i}"),
        ];

    // Chroma.
    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } = ["distilled_guidance_layer.in_proj", "distilled_guidance_layer.out_proj"];

    private static IEnumerable<Alias> Stacked(string native, string q, string k, string v) =>
        [.. Alias.Parts(native, RowSplit.Thirds, q, k, v), .. Alias.Numbered(native, RowSplit.Thirds)];

    private static IEnumerable<Alias> Embedder(string native, string diffusers) =>
        [.. Alias.Same($"{native}.in_layer", $"{diffusers}.linear_1"), .. Alias.Same($"{native}.out_layer", $"{diffusers}.linear_2")];
}

/// <summary>Chroma: Flux.1 without modulation, with a guidance network in its place.</summary>
internal sealed class Chroma : Flux
{
    /// <inheritdoc/>
    public override string Name => "Chroma";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.T5];

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.Has("distilled_guidance_layer");
}
