namespace ResizeLora.KeyLists;

/// <summary>Layers that keep a dimension in any case, since ComfyUI recognises a file's spelling by them (comfy/lora_convert.py).</summary>
internal static class LoaderMarks
{
    private static readonly string[] Names =
    [
        "lora_unet__blocks_0_cross_attn_k",
        "single_blocks.37.processor.qkv_lora",
        "double_blocks.18.processor.qkv_lora2",
    ];

    /// <summary>Whether a layer is one of them.</summary>
    public static bool Has(string layer) => Names.Contains(layer);
}
