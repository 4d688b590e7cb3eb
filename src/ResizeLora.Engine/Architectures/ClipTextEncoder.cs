namespace ResizeLora.Architectures;

/// <summary>
/// CLIP-L, OpenCLIP-H and OpenCLIP-G in the words of Hugging Face's transformers (<c>text_model.encoder.layers.0</c>), and those of
/// OpenCLIP, which Stability's files of SD 2 and SDXL use (<c>transformer.resblocks.0</c>).
/// </summary>
internal static class ClipTextEncoder
{
    private const string Layer = "text_model.encoder.layers.{i}";
    private const string Block = "transformer.resblocks.{i}";

    // transformer.resblocks.0.attn.in_proj_weight [3840, 1280] holds q, k and v of text_model.encoder.layers.0.self_attn.
    private const string Stacked = $"{Layer}.self_attn.in_proj";

    /// <summary>The weight of the projection behind the encoder, which OpenCLIP stores transposed and without <c>.weight</c>.</summary>
    public const string TransposedParameter = "text_projection";

    /// <summary>The names.</summary>
    public static IEnumerable<Alias> Aliases =>
        [
            .. Alias.Same(Stacked, $"{Block}.attn.in_proj_weight"),
            .. Alias.Parts(Stacked, RowSplit.Thirds, $"{Layer}.self_attn.q_proj", $"{Layer}.self_attn.k_proj", $"{Layer}.self_attn.v_proj"),
            .. Alias.Same($"{Layer}.self_attn.out_proj", $"{Block}.attn.out_proj"),
            .. Alias.Same($"{Layer}.mlp.fc1", $"{Block}.mlp.c_fc"),
            .. Alias.Same($"{Layer}.mlp.fc2", $"{Block}.mlp.c_proj"),
            .. Alias.Same("text_projection", "text_model.text_projection"),
            .. Alias.Same($"{Layer}.layer_norm1", $"{Block}.ln_1"),
            .. Alias.Same($"{Layer}.layer_norm2", $"{Block}.ln_2"),
            .. Alias.Same("text_model.final_layer_norm", "ln_final"),
            .. Alias.Same("text_model.embeddings.token_embedding", "token_embedding", "embeddings.token_embedding"),
            .. Alias.Same("text_model.embeddings.position_embedding", "positional_embedding", "embeddings.position_embedding"),
            // Newer versions of transformers leave out text_model.
            .. Alias.Parts(
                Stacked,
                RowSplit.Thirds,
                "encoder.layers.{i}.self_attn.q_proj",
                "encoder.layers.{i}.self_attn.k_proj",
                "encoder.layers.{i}.self_attn.v_proj"
            ),
            .. Alias.Same("text_model.encoder.layers.{i}.{*}", "encoder.layers.{i}.{*}"),
        ];
}
