namespace ResizeLora.Architectures;

/// <summary>
/// T5 and its relatives in the words of Hugging Face's transformers (<c>encoder.block.0.layer.0.SelfAttention.q</c>), and those of
/// llama.cpp, which GGUF files use (<c>enc.blk.0.attn_q</c>). Nothing is fused.
/// </summary>
internal static class T5TextEncoder
{
    private const string Attention = "encoder.block.{i}.layer.0.SelfAttention";
    private const string Mlp = "encoder.block.{i}.layer.1.DenseReluDense";
    private const string Gguf = "enc.blk.{i}";

    /// <summary>The names.</summary>
    public static IEnumerable<Alias> Aliases =>
        [
            .. Alias.Same($"{Attention}.q", $"{Gguf}.attn_q"),
            .. Alias.Same($"{Attention}.k", $"{Gguf}.attn_k"),
            .. Alias.Same($"{Attention}.v", $"{Gguf}.attn_v"),
            .. Alias.Same($"{Attention}.o", $"{Gguf}.attn_o"),
            // The gate is wi_0: enc.blk.0.ffn_gate, and what it gates wi_1: enc.blk.0.ffn_up.
            .. Alias.Same($"{Mlp}.wi_0", $"{Gguf}.ffn_gate"),
            .. Alias.Same($"{Mlp}.wi_1", $"{Gguf}.ffn_up"),
            .. Alias.Same($"{Mlp}.wo", $"{Gguf}.ffn_down"),
        ];
}
