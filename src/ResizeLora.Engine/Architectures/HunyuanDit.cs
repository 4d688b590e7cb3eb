namespace ResizeLora.Architectures;

/// <summary>HunyuanDiT. Its official adapters use the names of the model itself, such as <c>blocks.0.attn1.Wqkv</c>.</summary>
internal sealed class HunyuanDit : Architecture
{
    /// <inheritdoc/>
    public override string Name => "HunyuanDiT";

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.HasAny("mlp_t5", "attn1.Wqkv", "attn2.kv_proj");

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    [
        "blocks.{i}.attn1.Wqkv",
        "blocks.{i}.attn1.out_proj",
        "blocks.{i}.attn2.q_proj",
        "blocks.{i}.attn2.kv_proj",
        "blocks.{i}.attn2.out_proj",
        "blocks.{i}.mlp.fc1",
        "blocks.{i}.mlp.fc2",
        "blocks.{i}.skip_linear",
        "blocks.{i}.default_modulation.1",
        "mlp_t5.0",
        "mlp_t5.2",
        "final_layer.linear",
        "final_layer.adaLN_modulation.1",
    ];
}
