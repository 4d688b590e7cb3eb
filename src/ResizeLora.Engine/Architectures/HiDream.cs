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
}
