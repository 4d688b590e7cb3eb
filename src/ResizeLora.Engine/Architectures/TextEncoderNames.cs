namespace ResizeLora.Architectures;

/// <summary>Tells text encoders apart by the names of their modules.</summary>
internal static class TextEncoderNames
{
    private const string ClipLayers = "text_model_encoder_layers_";
    private const string T5Blocks = "encoder_block_";
    private const string LanguageModelLayers = "layers_";

    /// <summary>The kind that a module's path tells; null for CLIP, whose encoders differ in size alone.</summary>
    /// <param name="path">The path, as the table of names gives it.</param>
    public static TextEncoderKind? KindOf(string path) =>
        path.StartsWith(T5Blocks, StringComparison.Ordinal) ? TextEncoderKind.T5
        : path.StartsWith(LanguageModelLayers, StringComparison.Ordinal) ? TextEncoderKind.LanguageModel
        : null;

    /// <summary>Whether a base model stores a weight of a text encoder transposed.</summary>
    /// <param name="path">The module's path, as the table of names gives it.</param>
    /// <param name="isBare">Whether the tensor has no <c>.weight</c> at its end, as OpenCLIP's <c>text_projection</c>.</param>
    public static bool IsTransposed(string path, bool isBare) => isBare && path == ClipTextEncoder.TransposedParameter;

    /// <summary>The kind of a whole encoder.</summary>
    /// <param name="paths">The paths of its modules.</param>
    /// <returns>The kind, or null when it is no text encoder that is known.</returns>
    public static TextEncoderKind? KindOf(IEnumerable<string> paths)
    {
        int layers = 0;
        bool isClip = false;
        foreach (string path in paths)
        {
            if (KindOf(path) is { } kind)
            {
                return kind;
            }

            if (path.StartsWith(ClipLayers, StringComparison.Ordinal))
            {
                isClip = true;
                ReadOnlySpan<char> rest = path.AsSpan(ClipLayers.Length);
                int end = rest.IndexOf('_');
                layers = int.TryParse(end < 0 ? rest : rest[..end], out int layer) ? Math.Max(layers, layer + 1) : layers;
            }
        }

        const int LayersOfL = 12;
        const int LayersOfH = 24;
        return !isClip ? null
            : layers <= LayersOfL ? TextEncoderKind.ClipL
            : layers <= LayersOfH ? TextEncoderKind.ClipH
            : TextEncoderKind.ClipG;
    }
}
