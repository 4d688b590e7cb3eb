namespace ResizeLora.Bench.Generation;

/// <summary>How kohya's trainer names the layers of Stable Diffusion.</summary>
internal static class KohyaNames
{
    /// <summary>The layer over a weight of a U-Net; null for other tensors.</summary>
    /// <param name="tensor">The tensor's name.</param>
    public static string? OfUNet(string tensor) =>
        tensor.StartsWith(UNetShapes.Prefix, StringComparison.Ordinal)
            ? $"lora_unet_{Underscored(ModuleOf(tensor)[UNetShapes.Prefix.Length..])}"
            : null;

    /// <summary>Whether the trainer puts a LoRA on a weight of a U-Net: on the transformers alone.</summary>
    /// <param name="tensor">The tensor's name.</param>
    public static bool IsUsualTarget(string tensor) =>
        tensor.Contains(".transformer_blocks.", StringComparison.Ordinal) || tensor.Contains(".proj_", StringComparison.Ordinal);

    /// <summary>The module that a tensor is the weight of.</summary>
    /// <param name="tensor">The tensor's name.</param>
    public static string ModuleOf(string tensor) => tensor.Replace(".weight", string.Empty, StringComparison.Ordinal);

    /// <summary>A module's name with underscores.</summary>
    /// <param name="module">The module.</param>
    public static string Underscored(string module) => module.Replace('.', '_');
}
