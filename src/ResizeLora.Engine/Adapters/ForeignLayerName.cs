namespace ResizeLora.Adapters;

/// <summary>Reads component and dialect out of a layer's name in any trainer's spelling.</summary>
internal static class ForeignLayerName
{
    private const string PeftPrefix = "base_model.model.";

    // The longer of two that begin alike comes first.
    private static readonly (string Prefix, Component Component, AdapterDialect Dialect)[] Prefixes =
    [
        ("lora_unet_", Component.UNet, AdapterDialect.Kohya),
        ("lora_transformer_", Component.UNet, AdapterDialect.OneTrainer),
        ("lora_te1_", Component.TextEncoder1, AdapterDialect.Kohya),
        ("lora_te2_", Component.TextEncoder2, AdapterDialect.Kohya),
        ("lora_te_", Component.TextEncoder1, AdapterDialect.Kohya),
        ("lycoris_text_model_", Component.TextEncoder1, AdapterDialect.Lycoris),
        ("lycoris_", Component.UNet, AdapterDialect.Lycoris),
        ("unet.", Component.UNet, AdapterDialect.Diffusers),
        ("transformer.", Component.UNet, AdapterDialect.Diffusers),
        ("text_encoder_2.", Component.TextEncoder2, AdapterDialect.Diffusers),
        ("text_encoder.", Component.TextEncoder1, AdapterDialect.Diffusers),
        ("down_blocks.", Component.UNet, AdapterDialect.Diffusers),
        ("mid_block.", Component.UNet, AdapterDialect.Diffusers),
        ("up_blocks.", Component.UNet, AdapterDialect.Diffusers),
        ("text_model.", Component.TextEncoder1, AdapterDialect.Diffusers),
        ("diffusion_model.", Component.UNet, AdapterDialect.BaseModel),
        ("model.diffusion_model.", Component.UNet, AdapterDialect.BaseModel),
        ("clip_l.", Component.TextEncoder1, AdapterDialect.BaseModel),
        ("clip_g.", Component.TextEncoder2, AdapterDialect.BaseModel),
    ];

    private static readonly string[] DiffusersBlocks = ["lora_unet_down_blocks_", "lora_unet_mid_block_", "lora_unet_up_blocks_"];

    /// <summary>The component that a layer's name tells.</summary>
    /// <param name="layer">The layer's name.</param>
    public static Component ComponentOf(string layer) => Find(layer).Component;

    /// <summary>Whose spelling a layer's name is in.</summary>
    /// <param name="layer">The layer's name.</param>
    public static AdapterDialect DialectOf(string layer) =>
        layer.StartsWith(PeftPrefix, StringComparison.Ordinal) ? AdapterDialect.Peft : Find(layer).Dialect;

    /// <summary>
    /// Whether a name has kohya's prefix before diffusers' blocks, as kohya writes Stable Diffusion 1 and 2, and OneTrainer writes SDXL.
    /// </summary>
    /// <param name="layer">The layer's name.</param>
    public static bool HasDiffusersBlocks(string layer) => DiffusersBlocks.Any(block => layer.StartsWith(block, StringComparison.Ordinal));

    private static (Component Component, AdapterDialect Dialect) Find(string layer)
    {
        ReadOnlySpan<char> name = layer.StartsWith(PeftPrefix, StringComparison.Ordinal) ? layer.AsSpan(PeftPrefix.Length) : layer;
        foreach ((string prefix, Component component, AdapterDialect dialect) in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return (component, dialect);
            }
        }

        return (Component.Other, AdapterDialect.Unknown);
    }
}
