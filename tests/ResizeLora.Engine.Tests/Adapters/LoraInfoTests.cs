using System.Diagnostics;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>What a file says of itself, for every family of adapter and every trainer's names, whatever strangers wrote into it.</summary>
public sealed class LoraInfoTests : IDisposable
{
    private const string UNet = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k";
    private const string TextEncoder = "lora_te2_text_model_encoder_layers_0_mlp_fc1";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<AdapterKind, string[]> Families =>
        new()
        {
            { AdapterKind.LoRA, ["x.lora_down.weight", "x.lora_up.weight"] },
            { AdapterKind.LoRA, ["x.lora_down.weight", "x.lora_up.weight", "x.diff_b"] },
            { AdapterKind.LoRA, ["unet.x.lora_A.weight", "unet.x.lora_B.weight"] },
            { AdapterKind.LoRA, ["unet.x.lora_A.default.weight", "unet.x.lora_B.default.weight"] },
            { AdapterKind.LoRA, ["unet.x.lora.down.weight", "unet.x.lora.up.weight"] },
            { AdapterKind.LoRA, ["unet.x.processor.to_q_lora.down.weight", "unet.x.processor.to_q_lora.up.weight"] },
            { AdapterKind.DoRA, ["x.lora_down.weight", "x.lora_up.weight", "x.dora_scale"] },
            { AdapterKind.DoRA, ["unet.x.lora_A.weight", "unet.x.lora_B.weight", "unet.x.lora_magnitude_vector"] },
            { AdapterKind.LoHa, ["x.hada_w1_a", "x.hada_w1_b", "x.hada_w2_a", "x.hada_w2_b", "x.dora_scale"] },
            { AdapterKind.LoKr, ["x.lokr_w1", "x.lokr_w2_a", "x.lokr_w2_b"] },
            { AdapterKind.GLoRA, ["x.a1.weight", "x.a2.weight", "x.b1.weight", "x.b2.weight"] },
            { AdapterKind.IA3, ["x.weight", "x.on_input"] },
            { AdapterKind.OFT, ["x.oft_blocks"] },
            { AdapterKind.Full, ["x.diff", "x.diff_b"] },
            { AdapterKind.Full, ["x.w_norm", "x.b_norm"] },
            { AdapterKind.Mixed, ["x.lora_down.weight", "x.lora_up.weight", "y.hada_w1_a", "y.hada_w1_b"] },
        };

    public static TheoryData<string, string?, string?, long, string?> BaseModels =>
        new()
        {
            { UNet, "ss_base_model_version", "sdxl_base_v1-0", 16, "SDXL" },
            { UNet, "ss_base_model_version", "sd_v1", 2048, "SD 1.x" },
            { UNet, "ss_base_model_version", "something new", 16, "something new" },
            { UNet, "modelspec.architecture", "stable-diffusion-xl-v1-base/lora", 16, "SDXL" },
            { UNet, "modelspec.architecture", "stable-diffusion-v1/lora", 16, "SD 1.x" },
            { UNet, "modelspec.architecture", "flux-1-dev/lora", 16, "Flux" },
            { UNet, null, null, 2048, "SDXL" },
            { UNet, null, null, 1280, "SDXL refiner" },
            { UNet, null, null, 1024, "SD 2.x" },
            { UNet, null, null, 768, "SD 1.x" },
            { "unet.down_blocks.1.attn2.to_k", null, null, 2048, "SDXL" },
            { TextEncoder, null, null, 16, "SDXL" },
            { "lora_unet_double_blocks_0_img_attn_qkv", null, null, 16, "Flux" },
            { UNet, "ss_sd_model_name", "sd_xl_base_1.0.safetensors", 16, "SDXL" },
            { "unet.down_blocks.1.attn2.to_k", "ss_sd_model_name", "my model.safetensors", 16, null },
            { UNet, null, null, 16, "SDXL" },
        };

    public static TheoryData<string, string?> Resolutions =>
        new()
        {
            { "(1024, 1024)", "1024x1024" },
            { "1024,768", "1024x768" },
            { "512", "512x512" },
            { " ( 832 , 1216 ) ", "832x1216" },
            { "1024x1024", "1024x1024" },
            { "", null },
            { "big", null },
            { "(1, 2, 3)", null },
            { "99999999999999999999", null },
            { new string('1', 100_000), null },
        };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_counts_layers_ranks_alphas_and_types()
    {
        LoraInfo info = Read(
            new SampleLora()
                .Layer(UNet, 8, 6, 4, alpha: 2, TensorType.Float16)
                .Layer($"{UNet}2", 8, 6, 8, alpha: 8, TensorType.Float16)
                .Layer("lora_te1_text_model_encoder_layers_0_mlp_fc1", 8, 6, 16, null, TensorType.BFloat16)
                .Layer(TextEncoder, 8, 6, 16, alpha: 0.5, TensorType.Float16)
                .Layer("odd", 8, 6, 16, alpha: 16)
        );
        Assert.Equal(
            (5, 2, 1, 1, 1),
            (info.LayerCount, info.UNetLayerCount, info.TextEncoder1LayerCount, info.TextEncoder2LayerCount, info.OtherLayerCount)
        );
        Assert.Equal((4, 16, 16), (info.LowestRank, info.MedianRank, info.HighestRank));
        Assert.Equal([0.5, 2, 8, 16], info.Alphas);
        Assert.Equal(["F32", "F16", "BF16"], info.Types);
        Assert.Equal((AdapterKind.LoRA, AdapterDialect.Kohya, false), (info.Kind, info.Dialect, info.Resized));
        Assert.Equal(
            (folder.PathOf("lora.safetensors"), new FileInfo(info.Path).Length, File.GetLastWriteTime(info.Path)),
            (info.Path, info.Length, info.LastWriteTime)
        );
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void It_knows_the_families(AdapterKind kind, string[] tensors)
    {
        LoraInfo info = ReadTensors(tensors.Select(static name => SampleTensor.Of(name, TensorType.Float16, [2, 2], new double[4])));
        Assert.Equal(kind, info.Kind);
        Assert.Equal(kind == AdapterKind.Mixed ? 2 : 1, info.LayerCount);
        Assert.Equal(kind is AdapterKind.Full or AdapterKind.IA3 or AdapterKind.OFT, info.HighestRank is null);
    }

    [Fact]
    public void A_convolution_with_a_kernel_makes_a_LoCon()
    {
        Assert.Equal(AdapterKind.LoRA, Read(new SampleLora().Layer("a", 8, 6, 2).Layer("b", 8, 6, 2, kernel: 1)).Kind);
        LoraInfo info = Read(new SampleLora().Layer("a", 8, 6, 2).Layer("b", 8, 6, 2, kernel: 3));
        Assert.Equal(AdapterKind.LoCon, info.Kind);
        Assert.Equal(["LoRA 1", "LoCon 1"], info.KindCounts.Select(static pair => $"{pair.Key} {pair.Value}"));
    }

    [Theory]
    [InlineData("lora_unet_input_blocks_1_1_proj_in", AdapterDialect.Kohya, 0)]
    [InlineData("lora_unet_down_blocks_1_attentions_0_proj_in", AdapterDialect.Kohya, 0)]
    [InlineData("unet.down_blocks.1.proj_in", AdapterDialect.Diffusers, 0)]
    [InlineData("text_encoder_2.text_model.encoder.layers.0.mlp.fc1", AdapterDialect.Diffusers, 2)]
    [InlineData("text_encoder.text_model.encoder.layers.0.mlp.fc1", AdapterDialect.Diffusers, 1)]
    [InlineData("base_model.model.down_blocks.0.proj_in", AdapterDialect.Peft, 0)]
    [InlineData("base_model.model.text_model.encoder.layers.0.mlp.fc1", AdapterDialect.Peft, 1)]
    [InlineData("diffusion_model.input_blocks.1.1.proj_in", AdapterDialect.BaseModel, 0)]
    [InlineData("lycoris_down_blocks_0_proj_in", AdapterDialect.Lycoris, 0)]
    [InlineData("something", AdapterDialect.Unknown, 3)]
    public void It_knows_trainers_by_their_names(string layer, AdapterDialect dialect, int component)
    {
        LoraInfo info = Read(new SampleLora().Layer(layer, 8, 6, 2));
        Assert.Equal(dialect, info.Dialect);
        int[] counts = [info.UNetLayerCount, info.TextEncoder1LayerCount, info.TextEncoder2LayerCount, info.OtherLayerCount];
        Assert.Equal(component, Array.IndexOf(counts, 1));
    }

    [Fact]
    public void OneTrainer_is_known_by_its_metadata_or_by_diffusers_names_for_SDXL()
    {
        Assert.Equal(AdapterDialect.OneTrainer, Read(new SampleLora().Layer(UNet, 8, 6, 2).Metadata("ot_branch", "master")).Dialect);
        Assert.Equal(
            AdapterDialect.OneTrainer,
            Read(new SampleLora().Layer("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", 8, 2048, 2)).Dialect
        );
    }

    [Theory]
    [MemberData(nameof(BaseModels))]
    public void It_tells_the_base_model(string layer, string? key, string? value, long width, string? expected)
    {
        SampleLora lora = new SampleLora().Layer(layer, 8, (int)width, 2);
        Assert.Equal(expected, Read(key is null ? lora : lora.Metadata(key, value!)).BaseModel);
    }

    [Theory]
    [MemberData(nameof(Resolutions))]
    public void It_tells_the_resolution(string noted, string? expected)
    {
        Assert.Equal(expected, Read(new SampleLora().Layer("a", 8, 6, 2).Metadata("ss_resolution", noted)).Resolution);
        Assert.Equal(expected, Read(new SampleLora().Layer("a", 8, 6, 2).Metadata("modelspec.resolution", noted)).Resolution);
    }

    [Fact]
    public void It_tells_words_and_buckets_by_how_often_they_were_used()
    {
        LoraInfo info = Read(
            new SampleLora()
                .Layer("a", 8, 6, 2)
                .Metadata("modelspec.trigger_phrase", "ohwx woman,  red\u001b[31m dress ")
                .Metadata(
                    "ss_tag_frequency",
                    """{"10_a": {"solo": 3, "sky": 9, "ohwx woman": 50}, "5_b": {"solo": 8, "odd": "many", "late": 1e400}, "c": 5}"""
                )
                .Metadata(
                    "ss_bucket_info",
                    """{"buckets": {"0": {"resolution": [832, 1216], "count": 3}, "1": {"resolution": [1024, 1024], "count": 7}, "2": {"resolution": "x"}, "3": {"resolution": [1]}, "4": 4}}"""
                )
        );
        Assert.Equal(["ohwx woman", "red[31m dress", "solo", "sky", "late", "odd"], info.TrainedWords);
        Assert.Equal(["1024x1024", "832x1216"], info.Buckets);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[1, 2]")]
    [InlineData("{\"a\": {\"\\ud800\": 3}}")]
    [InlineData("{\"buckets\": [1]}")]
    [InlineData("{\"buckets\": {\"a\": {\"resolution\": [99999999999, -1.5], \"count\": null}}}")]
    [InlineData("{\"a\": {\"b\": {\"c\": 1}}}")]
    [InlineData("\0\0\0")]
    public void Metadata_that_is_not_what_its_key_promises_does_no_harm(string value)
    {
        SampleLora lora = new SampleLora().Layer("a", 8, 6, 2);
        foreach (
            string key in (string[])
                [
                    "ss_tag_frequency",
                    "ss_bucket_info",
                    "ss_resolution",
                    "modelspec.trigger_phrase",
                    "modelspec.architecture",
                    "ss_base_model_version",
                    "ss_sd_model_name",
                    "ss_network_dim",
                    "ss_training_comment",
                    "modelspec.title",
                    "resize_params",
                ]
        )
        {
            lora.Metadata(key, value);
        }

        LoraInfo info = Read(lora);
        Assert.Equal((1, 0), (info.LayerCount, info.Buckets.Length));
        Assert.All(info.TrainedWords, static word => Assert.DoesNotContain(word, char.IsControl));
    }

    [Fact]
    public void Deep_and_endless_metadata_is_bounded()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 100_000));
        string wide =
            $"{{\"x\": {{{string.Join(',', Enumerable.Range(0, 50_000).Select(static number => $"\"tag {number}\": {number}"))}}}}}";
        LoraInfo info = Read(
            new SampleLora()
                .Layer("a", 8, 6, 2)
                .Metadata("ss_bucket_info", deep)
                .Metadata("ss_tag_frequency", wide)
                .Metadata("modelspec.title", new string('t', 1_000_000))
                .Metadata("modelspec.trigger_phrase", new string('w', 1_000_000))
        );
        Assert.Equal((20, "tag 49999"), (info.TrainedWords.Length, info.TrainedWords[1]));
        Assert.All((string[])[info.Title!, .. info.TrainedWords], static text => Assert.InRange(text.Length, 1, 121));
    }

    [Theory]
    [InlineData("resize_params", """{"recipe_str":"spn_lora=1,thr=-1"}""", "spn_lora=1,thr=-1")]
    [InlineData("ss_training_comment", "Dynamic resize with sv_fro: 0.9 from 128; mine", "Dynamic resize with sv_fro: 0.9 from 128")]
    [InlineData("ss_training_comment", "dimension is resized from 128 to 32; ", "dimension is resized from 128 to 32")]
    [InlineData("ss_network_dim", "Dynamic", null)]
    [InlineData("ss_network_dim", "128", null)]
    public void It_tells_how_a_file_was_resized_before(string key, string value, string? expected)
    {
        LoraInfo info = Read(new SampleLora().Layer("a", 8, 6, 2).Metadata(key, value));
        Assert.Equal((expected, expected is not null), (info.ResizedWith, info.Resized));
        using Adapter? adapter = LoraFileOpener.TryOpen(info.Path, new LoraFileOptions(TakesResized: false), out _);
        Assert.Equal(info.Resized, adapter is null);
    }

    [Theory]
    [InlineData("model.diffusion_model.out.2.weight", "whole model")]
    [InlineData("emb_params", "embedding")]
    [InlineData("clip_g", "embedding")]
    [InlineData("first_stage_model.decoder.conv_in.weight", "VAE")]
    [InlineData("control_model.input_hint_block.0.weight", "ControlNet")]
    [InlineData("text_model.embeddings.position_embedding.weight", "text encoder")]
    [InlineData("x.alpha", "no LoRA layers")]
    [InlineData("x.a1.weight", "no LoRA layers")]
    public void What_is_no_adapter_is_left_alone_by_its_name(string tensor, string reason)
    {
        string path = SampleFiles.Write(folder.PathOf("other.safetensors"), [SampleTensor.Scalar(tensor, 1)]);
        Assert.Null(LoraInfoReader.TryRead(path, out SkipReason? leftAlone));
        Assert.Contains(reason, leftAlone!.Text, StringComparison.Ordinal);
        File.Delete(path);
    }

    [Fact]
    public void An_alpha_that_is_no_number_is_left_out_and_a_damaged_file_is_an_error()
    {
        Assert.Equal(
            [2],
            Read(
                new SampleLora()
                    .Layer("a", 8, 6, 2)
                    .Layer("lora_unet_b", 8, 6, 2)
                    .Tensor(SampleTensor.Of("a.alpha", TensorType.Bool, [1], [1]))
            ).Alphas
        );
        File.WriteAllBytes(folder.PathOf("damaged.safetensors"), SampleFiles.Raw("{", 3));
        Assert.Throws<SafetensorsException>(() => LoraInfoReader.TryRead(folder.PathOf("damaged.safetensors"), out _));
    }

    [Fact]
    public void A_thousand_files_take_seconds()
    {
        string first = new SampleLora()
            .Layer(UNet, 8, 6, 2, alpha: 1, TensorType.Float16)
            .Layer(TextEncoder, 8, 6, 2, alpha: 1, TensorType.Float16)
            .Write(folder.PathOf("0.safetensors"));
        for (int index = 1; index < 1000; index++)
        {
            File.Copy(first, folder.PathOf($"{index}.safetensors"));
        }

        var clock = Stopwatch.StartNew();
        Assert.Equal(2000, Directory.GetFiles(folder.Path).Sum(static path => LoraInfoReader.TryRead(path, out _)!.LayerCount));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    private LoraInfo Read(SampleLora lora) => LoraInfoReader.TryRead(lora.Write(folder.PathOf("lora.safetensors")), out _)!;

    private LoraInfo ReadTensors(IEnumerable<SampleTensor> tensors) =>
        LoraInfoReader.TryRead(SampleFiles.Write(folder.PathOf("lora.safetensors"), tensors), out _)!;
}
