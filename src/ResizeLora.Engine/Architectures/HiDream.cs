namespace ResizeLora.Architectures;

/// <summary>HiDream. All trainers use the names of the model itself, such as <c>double_stream_blocks.0.block.attn1.to_q</c>.</summary>
internal sealed class HiDream : Architecture
{
    /// <inheritdoc/>
    public override string Name => "HiDream";

    // kohya's and OneTrainer's te4 is Llama.
    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } =
    [TextEncoderKind.ClipL, TextEncoderKind.ClipG, TextEncoderKind.T5, TextEncoderKind.LanguageModel];

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.HasAny("double_stream_blocks", "single_stream_blocks");

    /// <inheritdoc/>
    public override string ComfyLanguageModel => "llama";

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    [
        .. Block("double_stream_blocks.{i}.block"),
        .. Block("single_stream_blocks.{i}.block"),
        "caption_projection.{i}.linear",
        "t_embedder.timestep_embedder.linear_1",
        "t_embedder.timestep_embedder.linear_2",
        "p_embedder.pooled_embedder.linear_1",
        "p_embedder.pooled_embedder.linear_2",
        "x_embedder.proj",
        "final_layer.linear",
        "final_layer.adaLN_modulation.1",
    ];

    private static IEnumerable<string> Block(string block) =>
        [
            .. ((string[])["to_q", "to_k", "to_v", "to_out", "to_q_t", "to_k_t", "to_v_t", "to_out_t"]).Select(name =>
                $"{block}.attn1.{name}"
            ),
            .. ((string[])["w1", "w2", "w3"]).SelectMany(name =>
                (string[])
                    [
                        $"{block}.ff_i.{name}",
                        $"{block}.ff_t.{name}",
                        $"{block}.ff_i.shared_experts.{name}",
                        $"{block}.ff_i.experts.{{i}}.{name}",
                    ]
            ),
            $"{block}.adaLN_modulation.1",
        ];
}
