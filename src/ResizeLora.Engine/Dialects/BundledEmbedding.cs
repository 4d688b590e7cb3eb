namespace ResizeLora.Dialects;

/// <summary>Names of textual inversions that stand beside the layers of a file.</summary>
internal static class BundledEmbedding
{
    /// <summary>What OneTrainer writes in front: <c>bundle_emb.word.string_to_param.*</c>.</summary>
    public const string Prefix = "bundle_emb.";

    // A file of an embedding alone, put together with a LoRA: emb_params, emb.clip_l.
    private static readonly string[] Others = ["emb_params", "emb", "string_to_param"];

    /// <summary>The name of the embedding that a tensor belongs to; null where it is no part of one.</summary>
    /// <param name="tensor">The tensor's name.</param>
    public static string? NameOf(string tensor)
    {
        string[] parts = tensor.Split('.');
        return tensor.StartsWith(Prefix, StringComparison.Ordinal) ? parts[1]
            : Others.Contains(parts[0]) ? parts[0]
            : null;
    }
}
