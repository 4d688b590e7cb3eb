using System.Text.Json.Nodes;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Conversion;

/// <summary>Folders of PEFT: their settings, and what PEFT alone has.</summary>
public sealed class PeftConversionTests : IDisposable
{
    private const string Module = "model.layers.0.self_attn.q_proj";
    private const string Layer = $"base_model.model.{Module}";
    private const string Embedding = "base_model.model.model.embed_tokens";

    private readonly TemporaryFolder folder = new();
    private readonly Gaussian gaussian = new(3);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(KindTensors.LoRA, """{"peft_type":"LORA","r":4,"lora_alpha":6,"lora_bias":true,"modules_to_save":["lm_head"]}""")]
    [InlineData(KindTensors.LoHa, """{"peft_type":"LOHA","r":4,"alpha":6,"module_dropout":0.1}""")]
    [InlineData(KindTensors.LoKrSecond, """{"peft_type":"LOKR","r":4,"alpha":6,"decompose_factor":-1}""")]
    [InlineData(KindTensors.DoRAOutput, """{"peft_type":"LORA","r":4,"lora_alpha":6,"use_dora":true,"use_rslora":true}""")]
    public void Another_type_alone_leaves_the_settings_as_they_are(string kind, string settings)
    {
        string path = Write("type", settings, LayerOf(kind));
        LoraConversion result = Convert(path, new ConversionSettings { Type = OutputType.BFloat16 });
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(settings), SettingsOf(result.Path)));
        ConversionScene.AssertSameMeaning(path, result.Path, tolerance: 1e-2);
    }

    [Fact]
    public void Pairs_of_factors_have_settings_of_LoRA_and_the_rest_stays()
    {
        const string Settings = """{"peft_type":"LOHA","r":4,"alpha":6,"module_dropout":0.1,"target_modules":["q_proj"],"revision":"x"}""";
        string path = Write("pairs", Settings, LayerOf(KindTensors.LoHa));
        LoraConversion result = Convert(path, new ConversionSettings { ToPairs = true });
        JsonNode written = SettingsOf(result.Path);
        Assert.Equal("LORA", (string?)written["peft_type"]);
        Assert.Equal("x", (string?)written["revision"]);
        Assert.Null(written["module_dropout"]);
        ConversionScene.AssertSameMeaning(path, result.Path);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_layer_of_an_embedding_keeps_its_scale_under_the_names_of_peft(bool toPairs)
    {
        SampleTensor[] tensors =
        [
            .. LayerOf(KindTensors.LoRA),
            Random($"{Embedding}.lora_embedding_A", 2, 24),
            Random($"{Embedding}.lora_embedding_B", 16, 2),
        ];
        string path = Write("embedding", """{"peft_type":"LORA","r":4,"lora_alpha":6,"alpha_pattern":{"embed_tokens":5}}""", tensors);
        LoraConversion result = Convert(path, new ConversionSettings { Naming = LoraNaming.Peft, ToPairs = toPairs });
        Assert.Equal(ConversionScene.NamesIn(path), ConversionScene.NamesIn(result.Path));
        Assert.Equal(5, (int)SettingsOf(result.Path)["alpha_pattern"]!["model.embed_tokens"]!);
        ConversionScene.AssertSameMeaning(path, result.Path);
    }

    [Theory]
    [InlineData(LoraNaming.Kohya)]
    [InlineData(LoraNaming.ComfyUI)]
    public void A_LoKr_of_two_whole_halves_needs_no_alpha_where_its_scale_is_one(LoraNaming naming)
    {
        const string Block = "base_model.model.transformer_blocks.0.ff.net.0.proj";
        SampleTensor[] tensors = [Random($"{Block}.lokr_w1", 4, 4), Random($"{Block}.lokr_w2", 8, 2), .. FluxLayer()];
        string path = Write("lokr", """{"peft_type":"LOKR","r":4,"alpha":4}""", tensors);
        string output = ConversionScene.Rename(path, folder.PathOf("lokr-out"), naming);
        Assert.DoesNotContain(ConversionScene.NamesIn(output), static name => name.Contains("mlp_0.alpha", StringComparison.Ordinal));
        ConversionScene.AssertSameMeaning(path, output);

        string scaled = Write("scaled", """{"peft_type":"LOKR","r":4,"alpha":8}""", tensors);
        Assert.Throws<ConversionException>(() => ConversionScene.Rename(scaled, folder.PathOf("scaled-out"), naming));
    }

    private LoraConversion Convert(string path, ConversionSettings settings) =>
        ConversionScene.Convert(path, folder.PathOf($"{Guid.NewGuid():N}/adapter_model.safetensors"), settings);

    private string Write(string name, string settings, SampleTensor[] tensors)
    {
        Directory.CreateDirectory(folder.PathOf(name));
        File.WriteAllText(folder.PathOf($"{name}/adapter_config.json"), settings);
        return SampleFiles.Write(folder.PathOf($"{name}/adapter_model.safetensors"), tensors);
    }

    private SampleTensor[] LayerOf(string kind) =>
        [
            .. KindTensors
                .Of(kind, [16, 12], 4)
                .Select(factor =>
                    Random(
                        Layer
                            + factor
                                .Ending.Replace("lora_down", "lora_A", StringComparison.Ordinal)
                                .Replace("lora_up", "lora_B", StringComparison.Ordinal),
                        factor.Shape
                    )
                ),
        ];

    // A layer by which the family is known.
    private SampleTensor[] FluxLayer() =>
        [
            Random("base_model.model.single_transformer_blocks.0.proj_out.lokr_w1", 4, 4),
            Random("base_model.model.single_transformer_blocks.0.proj_out.lokr_w2", 2, 10),
        ];

    private SampleTensor Random(string name, params long[] shape) =>
        SampleTensor.Of(name, TensorType.Float32, shape, gaussian.Numbers((int)shape.Aggregate(1L, (all, side) => all * side), 0.1));

    private static JsonNode SettingsOf(string path) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(path)!, "adapter_config.json")))!;
}
