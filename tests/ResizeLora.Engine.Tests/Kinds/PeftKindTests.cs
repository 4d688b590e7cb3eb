using ResizeLora.Adapters;
using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>Kinds as PEFT writes them: without alpha, the scale in adapter_config.json beside the file.</summary>
public sealed class PeftKindTests : IDisposable
{
    private const string Layer = "base_model.model.transformer.blocks.0.attn.to_q";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(KindTensors.LoHa, "LOHA", "\"alpha\": 6, \"r\": 4", 1.5)]
    [InlineData(KindTensors.LoHa, "LOHA", "\"alpha\": 6, \"r\": 4, \"alpha_pattern\": {\"attn.to_q\": 1}", 0.25)]
    [InlineData(KindTensors.LoKrSecond, "LOKR", "\"alpha\": 6, \"r\": 4", 1.5)]
    [InlineData(KindTensors.LoRA, "LORA", "\"lora_alpha\": 6, \"r\": 4", 1.5)]
    [InlineData(KindTensors.LoRA, "LORA", "\"lora_alpha\": 6, \"r\": 4, \"use_rslora\": true", 3.0)]
    [InlineData(KindTensors.LoRA, "LORA", "\"lora_alpha\": 6, \"r\": 4, \"use_dora\": true", 1.5)]
    public void The_scale_is_that_of_the_settings(string kind, string type, string settings, double scale)
    {
        using DisposeScope scope = NewDisposeScope();
        var gaussian = new Gaussian(41);
        SampleTensor[] tensors =
        [
            .. KindTensors
                .Of(kind, [12, 15], 4)
                .Select(factor =>
                {
                    string ending = factor.Ending.Replace("lora_down", "lora_A", StringComparison.Ordinal);
                    string name = Layer + ending.Replace("lora_up", "lora_B", StringComparison.Ordinal);
                    double[] numbers = gaussian.Numbers((int)(factor.Shape[0] * factor.Shape[1]));
                    return SampleTensor.Of(name, TensorType.Float32, factor.Shape, numbers);
                }),
        ];
        string path = SampleFiles.Write(folder.PathOf("adapter_model.safetensors"), tensors);
        File.WriteAllText(folder.PathOf("adapter_config.json"), $$"""{"peft_type": "{{type}}", {{settings}}}""");
        using Adapter adapter = Adapter.Open(path);
        AdapterLayer layer = Assert.Single(adapter.Layers);
        Tensor expected = PlainKinds.Scaled(PlainKinds.ChangeOf(KindFile.PartsOf(adapter.File, Layer))!, scale);
        double error = WrittenLayer.Norm(WrittenLayer.Delta(adapter.File, layer) - expected);
        Assert.True(error <= 1e-6 * WrittenLayer.Norm(expected), $"{kind}: ΔW is off by {error:g3}.");
    }
}
