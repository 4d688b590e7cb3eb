using ResizeLora.Architectures;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Tests.Architectures;

namespace ResizeLora.Tests.Conversion;

/// <summary>Names of every family are translated both ways, and the change of every weight stays.</summary>
public sealed class ConversionNamesTests : IDisposable
{
    private const int Rank = 2;

    private readonly TemporaryFolder folder = new();

    /// <summary>Every family but language models, which have names in PEFT alone; and every naming.</summary>
    public static TheoryData<string, LoraNaming> Cases
    {
        get
        {
            var cases = new TheoryData<string, LoraNaming>();
            foreach (string family in SampleFamily.All.Keys.Where(static family => family != "Language model"))
            {
                foreach (LoraNaming naming in Enum.GetValues<LoraNaming>())
                {
                    cases.Add(family, naming);
                }
            }

            return cases;
        }
    }

    /// <summary>Every family but language models.</summary>
    public static TheoryData<string> Families => [.. SampleFamily.All.Keys.Where(static family => family != "Language model")];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_naming_means_the_same_and_comes_back(string family, LoraNaming naming)
    {
        string native = WriteNative(family);
        string there = ConversionScene.Rename(native, folder.PathOf("there"), naming);
        string back = ConversionScene.Rename(there, folder.PathOf("back"), LoraNaming.ComfyUI);
        ConversionScene.AssertSameMeaning(native, there);
        ConversionScene.AssertSameMeaning(native, back);
        Assert.Equal(ConversionScene.NamesIn(native), ConversionScene.NamesIn(back));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Names_of_diffusers_are_those_of_its_models(string family)
    {
        SampleFamily sample = SampleFamily.All[family];
        string output = ConversionScene.Rename(WriteNative(family), folder.PathOf("out"), LoraNaming.Diffusers);
        string prefix = ArchitectureCatalog.Find(family)!.Denoiser == Component.UNet ? "unet." : "transformer.";
        IEnumerable<string> expected = sample
            .DiffusersWeights.SelectMany(weight =>
                (string[])[$"{prefix}{weight.Name}.lora_A.weight", $"{prefix}{weight.Name}.lora_B.weight"]
            )
            .Order(StringComparer.Ordinal);
        Assert.Equal(expected, ConversionScene.NamesIn(output));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Factors_keep_their_bytes_where_names_alone_change(string family)
    {
        string native = WriteNative(family);
        string kohya = ConversionScene.Rename(native, folder.PathOf("there"), LoraNaming.Kohya);
        string back = ConversionScene.Rename(kohya, folder.PathOf("back"), LoraNaming.ComfyUI);
        Assert.Equal(ConversionScene.BytesIn(native), ConversionScene.BytesIn(back));
    }

    // What sd-scripts and musubi-tuner write.
    [Theory]
    [InlineData("SD 1.x", "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q")]
    [InlineData("SDXL", "lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q")]
    [InlineData("SD 3", "lora_unet_joint_blocks_23_context_block_attn_qkv")]
    [InlineData("Flux", "lora_unet_single_blocks_0_linear1")]
    [InlineData("Wan", "lora_unet_blocks_0_self_attn_q")]
    [InlineData("Qwen-Image", "lora_unet_transformer_blocks_0_img_mlp_net_0_proj")]
    [InlineData("Z-Image", "lora_unet_layers_0_attention_to_q")]
    [InlineData("Lumina 2", "lora_unet_layers_0_attention_qkv")]
    [InlineData("HunyuanVideo", "lora_unet_double_blocks_0_img_attn_qkv")]
    [InlineData("Stable Cascade", "lora_prior_unet_down_blocks_0_2_kv_mapper_1")]
    public void Names_of_kohya_are_those_of_its_trainers(string family, string layer)
    {
        string output = ConversionScene.Rename(WriteNative(family), folder.PathOf("out"), LoraNaming.Kohya);
        Assert.Contains($"{layer}.lora_down.weight", ConversionScene.NamesIn(output));
    }

    [Theory]
    [InlineData("SD 1.x", "lora_te_", "text_encoder.", "text_encoders.clip_l.transformer.")]
    [InlineData("SDXL", "lora_te1_", "text_encoder.", "text_encoders.clip_l.transformer.")]
    [InlineData("SDXL", "lora_te2_", "text_encoder_2.", "text_encoders.clip_g.transformer.")]
    [InlineData("Flux", "lora_te1_", "text_encoder.", "text_encoders.clip_l.transformer.")]
    public void Clip_has_its_name_everywhere(string family, string kohya, string diffusers, string comfy)
    {
        SampleLora lora = NativeOf(family);
        string path = lora.Layer($"{kohya}text_model_encoder_layers_0_self_attn_q_proj", 8, 8, Rank, alpha: 1)
            .Write(folder.PathOf("in.safetensors"));
        const string Module = "text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight";
        string inDiffusers = ConversionScene.Rename(path, folder.PathOf("diffusers"), LoraNaming.Diffusers);
        Assert.Contains(diffusers + Module, ConversionScene.NamesIn(inDiffusers));
        string inComfy = ConversionScene.Rename(inDiffusers, folder.PathOf("comfy"), LoraNaming.ComfyUI);
        Assert.Contains(comfy + Module, ConversionScene.NamesIn(inComfy));
        string back = ConversionScene.Rename(inComfy, folder.PathOf("back"), LoraNaming.Kohya);
        Assert.Contains($"{kohya}text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight", ConversionScene.NamesIn(back));
        ConversionScene.AssertSameMeaning(path, back);
    }

    [Theory]
    [InlineData("Flux", "lora_te3_", "text_encoder_2.", "text_encoders.t5xxl.transformer.")]
    [InlineData("SD 3", "lora_te3_", "text_encoder_3.", "text_encoders.t5xxl.transformer.")]
    [InlineData("Wan", "lora_te1_", "text_encoder.", "text_encoders.umt5xxl.transformer.")]
    public void T5_has_its_name_everywhere(string family, string kohya, string diffusers, string comfy)
    {
        string path = NativeOf(family)
            .Layer($"{kohya}encoder_block_0_layer_1_DenseReluDense_wi_0", 8, 8, Rank, alpha: 1)
            .Write(folder.PathOf("in.safetensors"));
        const string Module = "encoder.block.0.layer.1.DenseReluDense.wi_0.lora_A.weight";
        string inDiffusers = ConversionScene.Rename(path, folder.PathOf("diffusers"), LoraNaming.Diffusers);
        Assert.Contains(diffusers + Module, ConversionScene.NamesIn(inDiffusers));
        string inComfy = ConversionScene.Rename(path, folder.PathOf("comfy"), LoraNaming.ComfyUI);
        Assert.Contains(comfy + Module, ConversionScene.NamesIn(inComfy));
        string back = ConversionScene.Rename(inComfy, folder.PathOf("back"), LoraNaming.Kohya);
        ConversionScene.AssertSameMeaning(path, back);
    }

    [Fact]
    public void A_language_model_keeps_what_stands_before_its_layers()
    {
        const string Layer = "base_model.model.model.language_model.layers.0.self_attn.q_proj";
        string path = new SampleLora()
            .Tensor(SampleTensor.Of($"{Layer}.lora_A.weight", TensorType.Float32, [1, 8], new double[8]))
            .Tensor(SampleTensor.Of($"{Layer}.lora_B.weight", TensorType.Float32, [8, 1], new double[8]))
            .Write(folder.PathOf("in.safetensors"));
        string output = ConversionScene.Rename(path, folder.PathOf("out"), LoraNaming.Peft);
        Assert.Equal(ConversionScene.NamesIn(path), ConversionScene.NamesIn(output));
    }

    [Fact]
    public void Underscored_names_of_an_unknown_model_need_its_names()
    {
        string path = new SampleLora()
            .Layer("lora_unet_strange_tower_0_mix_in", 8, 8, Rank, alpha: 1)
            .Write(folder.PathOf("in.safetensors"));
        ConversionException refused = Assert.Throws<ConversionException>(() =>
            ConversionScene.Rename(path, folder.PathOf("out"), LoraNaming.ComfyUI)
        );
        Assert.Equal("ConversionNotExpressible", refused.ErrorId);
        Assert.Contains("lora_unet_strange_tower_0_mix_in", refused.Message, StringComparison.Ordinal);
    }

    private string WriteNative(string family) => NativeOf(family).Write(folder.PathOf("native.safetensors"));

    // ComfyUI's names: those of the model itself, which has other words for the blocks of HunyuanVideo and Stable Cascade.
    private static SampleLora NativeOf(string family)
    {
        var lora = new SampleLora();
        foreach (SampleWeight weight in SampleFamily.All[family].OwnWeights)
        {
            string name =
                family == "HunyuanVideo"
                    ? weight
                        .Name.Replace("_attn_qkv", "_attn.qkv", StringComparison.Ordinal)
                        .Replace("mlp.fc1", "mlp.0", StringComparison.Ordinal)
                    : weight.Name;
            double[] up = new Gaussian(name.Length).Numbers(weight.Out * Rank, 0.1);
            double[] down = new Gaussian(name.Length + 1).Numbers(Rank * weight.In, 0.1);
            lora.Tensor(SampleTensor.Scalar($"diffusion_model.{name}.alpha", 1))
                .Tensor(SampleTensor.Of($"diffusion_model.{name}.lora_A.weight", TensorType.Float32, [Rank, weight.In], down))
                .Tensor(SampleTensor.Of($"diffusion_model.{name}.lora_B.weight", TensorType.Float32, [weight.Out, Rank], up));
        }

        return lora;
    }
}
