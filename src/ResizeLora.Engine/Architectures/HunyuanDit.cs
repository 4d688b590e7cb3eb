namespace ResizeLora.Architectures;

/// <summary>HunyuanDiT. Its official adapters use the names of the model itself, such as <c>blocks.0.attn1.Wqkv</c>.</summary>
internal sealed class HunyuanDit : Architecture
{
    /// <inheritdoc/>
    public override string Name => "HunyuanDiT";

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.HasAny("mlp_t5", "attn1.Wqkv", "attn2.kv_proj");
}
