namespace ResizeLora.Dialects;

/// <summary>Layers by whose presence alone a loader recognises the spelling of a file (ComfyUI, comfy/lora_convert.py).</summary>
internal static class LoaderMarks
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        // Wan-Fun, with the doubled underscore.
        "lora_unet__blocks_0_cross_attn_k",
        // XLabs.
        "single_blocks.37.processor.qkv_lora",
        "double_blocks.18.processor.qkv_lora2",
    };

    /// <summary>Whether a layer is one of them.</summary>
    /// <param name="layer">The layer's name.</param>
    public static bool Has(string layer) => Names.Contains(layer);
}
