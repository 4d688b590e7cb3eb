using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>
/// The base model's own names, as ComfyUI and ai-toolkit write them: <c>diffusion_model.blocks.0.self_attn.q</c>,
/// <c>text_encoders.t5xxl.transformer.encoder.block.0.…</c>, <c>double_blocks.0.img_attn.proj</c>.
/// </summary>
internal sealed class BaseModelDialect : Dialect
{
    private const string TextEncoders = "text_encoders.";

    private static readonly string[] Blocks =
    [
        "double_blocks.",
        "single_blocks.",
        "transformer_blocks.",
        "single_transformer_blocks.",
        "joint_blocks.",
        "blocks.",
        "layers.",
    ];

    /// <inheritdoc/>
    public override AdapterDialect Name => AdapterDialect.BaseModel;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; } =
    [
        ("model.diffusion_model.", Component.UNet),
        ("diffusion_model.", Component.UNet),
        ("clip_l.transformer.", Component.TextEncoder1),
        ("clip_l.", Component.TextEncoder1),
        ("clip_g.transformer.", Component.TextEncoder2),
        ("clip_g.", Component.TextEncoder2),
    ];

    /// <inheritdoc/>
    public override LayerSpelling? Read(string layer)
    {
        if (layer.StartsWith(TextEncoders, StringComparison.Ordinal))
        {
            return ReadTextEncoder(layer[TextEncoders.Length..]);
        }

        return base.Read(layer)
            ?? (
                Array.Exists(Blocks, block => layer.StartsWith(block, StringComparison.Ordinal))
                    ? new LayerSpelling(Name, Component.Other, layer)
                    : null
            );
    }

    // text_encoders.clip_g.transformer.text_model.encoder.layers.0.mlp.fc1
    private LayerSpelling? ReadTextEncoder(string rest)
    {
        const string Transformer = "transformer.";
        int dot = rest.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            return null;
        }

        string module = rest[(dot + 1)..];
        module = module.StartsWith(Transformer, StringComparison.Ordinal) ? module[Transformer.Length..] : module;
        return new LayerSpelling(Name, rest[..dot] == "clip_g" ? Component.TextEncoder2 : Component.TextEncoder1, module);
    }
}
