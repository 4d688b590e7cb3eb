using static ResizeLora.Bench.Generation.ShapeList;

namespace ResizeLora.Bench.Generation;

/// <summary>CLIP's text encoder in transformers' layout.</summary>
internal static class ClipShapes
{
    /// <summary>The longest text.</summary>
    public const int TokenCount = 77;

    /// <summary>How many words there are.</summary>
    public const int VocabularySize = 49408;

    /// <summary>Adds the tensors.</summary>
    /// <param name="list">Where they go.</param>
    /// <param name="prefix">What stands before their names.</param>
    /// <param name="width">The width.</param>
    /// <param name="layers">How many layers it has.</param>
    public static void Add(ShapeList list, string prefix, int width, int layers)
    {
        list.Add($"{prefix}embeddings.token_embedding.weight", VocabularySize, width);
        list.Add($"{prefix}embeddings.position_embedding.weight", TokenCount, width);
        for (int index = 0; index < layers; index++)
        {
            string layer = $"{prefix}encoder.layers.{Number(index)}";
            foreach (string projection in (string[])["q_proj", "k_proj", "v_proj", "out_proj"])
            {
                list.AddWithBias($"{layer}.self_attn.{projection}", width, width);
            }

            list.AddWithBias($"{layer}.mlp.fc1", 4 * width, width);
            list.AddWithBias($"{layer}.mlp.fc2", width, 4 * width);
            list.AddNorm($"{layer}.layer_norm1", width);
            list.AddNorm($"{layer}.layer_norm2", width);
        }

        list.AddNorm($"{prefix}final_layer_norm", width);
    }
}
