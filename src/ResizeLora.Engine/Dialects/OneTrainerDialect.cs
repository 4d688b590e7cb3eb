using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>
/// OneTrainer's older format, and ai-toolkit's: <c>lora_transformer_single_transformer_blocks_0_attn_to_q</c>. Its U-Nets and text
/// encoders have kohya's prefixes.
/// </summary>
internal sealed class OneTrainerDialect : Dialect
{
    /// <inheritdoc/>
    public override AdapterDialect Name => AdapterDialect.OneTrainer;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; } = [("lora_transformer_", Component.UNet)];
}
