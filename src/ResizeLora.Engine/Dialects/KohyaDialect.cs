using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>
/// kohya's sd-scripts, musubi-tuner and LyCORIS within them: <c>lora_unet_double_blocks_0_img_attn_qkv</c>,
/// <c>lora_te1_text_model_encoder_layers_0_mlp_fc1</c>, <c>lora_unet__layers_0_attention_qkv</c>.
/// </summary>
internal sealed class KohyaDialect : Dialect
{
    /// <inheritdoc/>
    public override AdapterDialect Name => AdapterDialect.Kohya;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; } =
    [
        ("lora_unet_", Component.UNet),
        ("lora_te_", Component.TextEncoder1),
        ("lora_te1_", Component.TextEncoder1),
        ("lora_te2_", Component.TextEncoder2),
        ("lora_te3_", Component.TextEncoder3),
        ("lora_te4_", Component.TextEncoder4),
        ("lora_prior_unet_", Component.UNet),
        ("lora_prior_te_", Component.TextEncoder1),
        ("oft_unet_", Component.UNet),
    ];
}
