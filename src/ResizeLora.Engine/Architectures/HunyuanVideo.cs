namespace ResizeLora.Architectures;

/// <summary>HunyuanVideo and FramePack (20 double and 40 single blocks), HunyuanVideo 1.5 (double blocks alone), HunyuanImage.</summary>
internal sealed class HunyuanVideo : Architecture
{
    private const string Double = "double_blocks.{i}";
    private const string Single = "single_blocks.{i}";
    private const string DiffusersDouble = "transformer_blocks.{i}";
    private const string DiffusersSingle = "single_transformer_blocks.{i}";
    private const string Refiner = "txt_in.individual_token_refiner.blocks.{i}";
    private const string DiffusersRefiner = "context_embedder.token_refiner.refiner_blocks.{i}";
    private const string Time = "time_text_embed";

    /// <inheritdoc/>
    public override string Name => "HunyuanVideo";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel, TextEncoderKind.ClipL];

    // The original names differ from those of Flux in img_mlp.fc1 (img_mlp.0) and img_mod.linear (img_mod.lin). ComfyUI's and
    // diffusers' names are those of Flux, which has one double block and two single ones less.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) =>
        names.HasAny(
            "individual_token_refiner",
            "token_refiner.refiner_blocks",
            "clean_x_embedder",
            "img_mlp.fc1",
            "img_mlp.fc2",
            "txt_mlp.fc1",
            "txt_mlp.fc2",
            "img_mod.linear",
            "txt_mod.linear",
            "modulation.linear"
        )
        || names.CountOf("double_blocks") > 19
        || names.CountOf("single_blocks") is 39 or 40
        || names.CountOf("single_transformer_blocks") is 39 or 40
        || (names.Has("single_transformer_blocks") && names.CountOf("transformer_blocks") == 20);

    // double_blocks.0.img_attn_qkv.weight [9216, 3072] holds to_q, to_k and to_v of transformer_blocks.0.attn, one below the other.
    // single_blocks.0.linear1.weight [21504, 3072] holds to_q, to_k, to_v and proj_mlp of single_transformer_blocks.0.
    // ComfyUI's img_attn.qkv and img_attn.proj need no line: a dot is as good as an underscore.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Parts(
                $"{Double}.img_attn_qkv",
                RowSplit.Thirds,
                $"{DiffusersDouble}.attn.to_q",
                $"{DiffusersDouble}.attn.to_k",
                $"{DiffusersDouble}.attn.to_v"
            ),
            .. Alias.Parts(
                $"{Double}.txt_attn_qkv",
                RowSplit.Thirds,
                $"{DiffusersDouble}.attn.add_q_proj",
                $"{DiffusersDouble}.attn.add_k_proj",
                $"{DiffusersDouble}.attn.add_v_proj"
            ),
            .. Alias.Same($"{Double}.img_attn_proj", $"{DiffusersDouble}.attn.to_out.0"),
            .. Alias.Same($"{Double}.txt_attn_proj", $"{DiffusersDouble}.attn.to_add_out"),
            .. Alias.Same($"{Double}.img_mlp.fc1", $"{DiffusersDouble}.ff.net.0.proj", $"{Double}.img_mlp.0"),
            .. Alias.Same($"{Double}.img_mlp.fc2", $"{DiffusersDouble}.ff.net.2", $"{Double}.img_mlp.2"),
            .. Alias.Same($"{Double}.txt_mlp.fc1", $"{DiffusersDouble}.ff_context.net.0.proj", $"{Double}.txt_mlp.0"),
            .. Alias.Same($"{Double}.txt_mlp.fc2", $"{DiffusersDouble}.ff_context.net.2", $"{Double}.txt_mlp.2"),
            .. Alias.Same($"{Double}.img_mod.linear", $"{DiffusersDouble}.norm1.linear", $"{Double}.img_mod.lin"),
            .. Alias.Same($"{Double}.txt_mod.linear", $"{DiffusersDouble}.norm1_context.linear", $"{Double}.txt_mod.lin"),
            .. Alias.Parts(
                $"{Single}.linear1",
                RowSplit.AttentionAndMlp,
                $"{DiffusersSingle}.attn.to_q",
                $"{DiffusersSingle}.attn.to_k",
                $"{DiffusersSingle}.attn.to_v",
                $"{DiffusersSingle}.proj_mlp"
            ),
            .. Alias.Same($"{Single}.linear2", $"{DiffusersSingle}.proj_out"),
            .. Alias.Same($"{Single}.modulation.linear", $"{DiffusersSingle}.norm.linear", $"{Single}.modulation.lin"),
            // The refiner of the text.
            .. Alias.Parts(
                $"{Refiner}.self_attn_qkv",
                RowSplit.Thirds,
                $"{DiffusersRefiner}.attn.to_q",
                $"{DiffusersRefiner}.attn.to_k",
                $"{DiffusersRefiner}.attn.to_v"
            ),
            .. Alias.Same($"{Refiner}.self_attn_proj", $"{DiffusersRefiner}.attn.to_out.0"),
            .. Alias.Same($"{Refiner}.mlp.fc1", $"{DiffusersRefiner}.ff.net.0.proj", $"{Refiner}.mlp.0"),
            .. Alias.Same($"{Refiner}.mlp.fc2", $"{DiffusersRefiner}.ff.net.2", $"{Refiner}.mlp.2"),
            .. Alias.Same($"{Refiner}.adaLN_modulation.1", $"{DiffusersRefiner}.norm_out.linear"),
            .. Alias.Same("txt_in.input_embedder", "context_embedder.proj_in"),
            .. Embedder("txt_in.t_embedder", "mlp.0", "mlp.2", $"context_embedder.{Time}.timestep_embedder"),
            .. Embedder("txt_in.c_embedder", "linear_1", "linear_2", $"context_embedder.{Time}.text_embedder"),
            .. Alias.Same("img_in.proj", "x_embedder.proj"),
            .. Embedder("time_in", "mlp.0", "mlp.2", $"{Time}.timestep_embedder"),
            .. Embedder("guidance_in", "mlp.0", "mlp.2", $"{Time}.guidance_embedder"),
            .. Embedder("vector_in", "in_layer", "out_layer", $"{Time}.text_embedder"),
            .. Alias.Same("final_layer.linear", "proj_out"),
            Alias.Swapped("final_layer.adaLN_modulation.1", "norm_out.linear"),
        ];

    /// <inheritdoc/>
    public override string ComfyLanguageModel => "llama";

    // ComfyUI names the blocks as those of Flux.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> ComfyAliases =>
        [
            .. Alias.Same($"{Double}.img_attn_qkv", $"{Double}.img_attn.qkv"),
            .. Alias.Same($"{Double}.txt_attn_qkv", $"{Double}.txt_attn.qkv"),
            .. Alias.Same($"{Double}.img_attn_proj", $"{Double}.img_attn.proj"),
            .. Alias.Same($"{Double}.txt_attn_proj", $"{Double}.txt_attn.proj"),
            .. Alias.Same($"{Refiner}.self_attn_qkv", $"{Refiner}.self_attn.qkv"),
            .. Alias.Same($"{Refiner}.self_attn_proj", $"{Refiner}.self_attn.proj"),
            .. Aliases.Where(static alias =>
                alias.Rows.IsWhole && alias.Name.Split('.')[0] == alias.Native.Split('.')[0] && alias.Name != alias.Native
            ),
        ];

    // time_in.mlp.0 is time_in.in_layer in ComfyUI.
    private static IEnumerable<Alias> Embedder(string native, string first, string second, string diffusers) =>
        [
            .. Alias.Same($"{native}.{first}", $"{diffusers}.linear_1", $"{native}.in_layer"),
            .. Alias.Same($"{native}.{second}", $"{diffusers}.linear_2", $"{native}.out_layer"),
        ];
}
