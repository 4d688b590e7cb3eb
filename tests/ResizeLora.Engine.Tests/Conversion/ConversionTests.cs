using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Conversion;

/// <summary>Factors, scales, what stands beside them, metadata and settings of converted files.</summary>
public sealed class ConversionTests : IDisposable
{
    private const string Fused = "lora_unet_double_blocks_0_img_attn_qkv";
    private const string Plain = "lora_unet_double_blocks_0_img_mlp_0";
    private const string Split = "transformer.transformer_blocks.0.attn";
    private const int Width = 8;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_fused_layer_is_divided_and_put_together_again_with_the_same_factors()
    {
        string path = Write(new SampleLora().Layer(Fused, 3 * Width, Width, 4, alpha: 4));
        string diffusers = Rename(path, LoraNaming.Diffusers);
        Assert.Equal(6, ConversionScene.NamesIn(diffusers).Length);
        string back = Rename(diffusers, LoraNaming.Kohya);
        Assert.Equal(ConversionScene.BytesIn(path), ConversionScene.BytesIn(back));
    }

    [Fact]
    public void The_blocks_of_a_fused_layer_become_layers_of_their_own_rank()
    {
        string diffusers = WriteSplit(2, 3, 1);
        string kohya = Rename(diffusers, LoraNaming.Kohya);
        using (Adapter adapter = Adapter.Open(kohya))
        {
            Assert.Equal([2, 3, 1], adapter.Layers.Where(static layer => layer.Fused is not null).Select(static layer => layer.Rank));
        }

        string back = Rename(kohya, LoraNaming.Diffusers);
        ConversionScene.AssertSameMeaning(diffusers, kohya);
        Assert.Equal(FactorsIn(diffusers), FactorsIn(back));
    }

    [Fact]
    public void Parts_that_are_missing_change_nothing_of_the_fused_weight()
    {
        string path = Write(
            new SampleLora().Layer($"{Split}.to_k", Width, Width, 2).Layer("transformer.single_transformer_blocks.0.proj_out", 8, 40, 2)
        );
        string kohya = Rename(path, LoraNaming.Kohya);
        using Adapter adapter = Adapter.Open(kohya);
        AdapterLayer whole = adapter.Layers.Select(static layer => layer.Fused?.Whole ?? layer).First(static layer => layer.Name == Fused);
        double[] change = Dense.ToArray(WrittenLayer.Delta(adapter.File, whole));
        Assert.All(change.Take(Width * Width).Concat(change.Skip(2 * Width * Width)), static number => Assert.Equal(0, number));
        Assert.Contains(change, static number => number != 0);
    }

    [Theory]
    [InlineData(16, 0)]
    [InlineData(3, 1)]
    public void Diffusers_gets_the_scale_in_the_factor(double alpha, int rounded)
    {
        string path = Write(new SampleLora().Layer(Plain, 32, Width, 4, alpha, TensorType.Float16));
        var log = new EventLog();
        LoraConversion result = ConversionScene.Convert(
            path,
            folder.PathOf("out/lora.safetensors"),
            new ConversionSettings { Naming = LoraNaming.Diffusers },
            log
        );
        Assert.Equal(rounded, result.RoundedLayerCount);
        Assert.Equal(rounded, log.Warnings.Count());
        Assert.DoesNotContain(ConversionScene.NamesIn(result.Path), static name => name.EndsWith(".alpha", StringComparison.Ordinal));
        ConversionScene.AssertSameMeaning(path, result.Path, tolerance: 1e-3);
    }

    [Fact]
    public void Diffusers_metadata_says_the_rank_of_every_layer()
    {
        string path = Write(
            new SampleLora().Layer(Plain, 32, Width, 4, alpha: 2).Layer("lora_unet_double_blocks_0_txt_mlp_0", 32, Width, 2)
        );
        string output = Rename(path, LoraNaming.Diffusers);
        JsonNode settings = JsonNode.Parse(MetadataOf(output)["lora_adapter_metadata"])!;
        Assert.Equal(4, (int)settings["transformer.rank_pattern"]!["transformer_blocks.0.ff.net.0.proj"]!);
        Assert.Equal(2, (int)settings["transformer.alpha_pattern"]!["transformer_blocks.0.ff_context.net.0.proj"]!);
        Assert.Equal(2, settings["transformer.target_modules"]!.AsArray().Count);
        ConversionScene.AssertSameMeaning(path, output);
    }

    [Fact]
    public void Peft_gets_the_scale_in_its_settings_and_the_factors_keep_their_bytes()
    {
        string path = Write(new SampleLora().Layer(Plain, 32, Width, 4, alpha: 3));
        string output = Rename(path, LoraNaming.Peft);
        Assert.Equal(FactorsIn(path), FactorsIn(output));
        JsonNode settings = JsonNode.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(output)!, "adapter_config.json")))!;
        Assert.Equal("LORA", (string?)settings["peft_type"]);
        Assert.Equal(3, (int)settings["alpha_pattern"]!["transformer_blocks.0.ff.net.0.proj"]!);
        ConversionScene.AssertSameMeaning(path, output);
    }

    [Fact]
    public void The_scale_of_rank_stabilised_settings_is_honoured()
    {
        const string Layer = "base_model.model.transformer_blocks.0.ff.net.0.proj";
        string source = folder.PathOf("peft/adapter_model.safetensors");
        Directory.CreateDirectory(Path.GetDirectoryName(source)!);
        File.WriteAllText(folder.PathOf("peft/adapter_config.json"), """{"r":4,"lora_alpha":4,"use_rslora":true}""");
        new SampleLora()
            .Tensor(SampleTensor.Of($"{Layer}.lora_A.weight", TensorType.Float32, [4, Width], new Gaussian(1).Numbers(4 * Width)))
            .Tensor(SampleTensor.Of($"{Layer}.lora_B.weight", TensorType.Float32, [32, 4], new Gaussian(2).Numbers(128)))
            .Tensor(
                SampleTensor.Of(
                    "base_model.model.single_transformer_blocks.0.proj_out.lora_A.weight",
                    TensorType.Float32,
                    [4, 40],
                    new Gaussian(1).Numbers(160)
                )
            )
            .Tensor(
                SampleTensor.Of(
                    "base_model.model.single_transformer_blocks.0.proj_out.lora_B.weight",
                    TensorType.Float32,
                    [8, 4],
                    new Gaussian(1).Numbers(32)
                )
            )
            .Write(source);
        string kohya = Rename(source, LoraNaming.Kohya);
        using Adapter adapter = Adapter.Open(kohya);
        Assert.All(adapter.Layers, static layer => Assert.Equal(2, layer.Scale, 6));
        ConversionScene.AssertSameMeaning(source, kohya);
    }

    [Fact]
    public void Halves_that_stand_the_other_way_round_are_swapped()
    {
        string path = Write(
            new SampleLora().Layer(Plain, 32, Width, 2, alpha: 2).Layer("lora_unet_final_layer_adaLN_modulation_1", 16, Width, 2, alpha: 2)
        );
        string diffusers = Rename(path, LoraNaming.Diffusers);
        Assert.Contains("transformer.norm_out.linear.lora_B.weight", ConversionScene.NamesIn(diffusers));
        Assert.NotEqual(
            UpOf(path, "lora_unet_final_layer_adaLN_modulation_1.lora_up.weight"),
            UpOf(diffusers, "transformer.norm_out.linear.lora_B.weight")
        );
        ConversionScene.AssertSameMeaning(path, diffusers);
        Assert.Equal(ConversionScene.BytesIn(path), ConversionScene.BytesIn(Rename(diffusers, LoraNaming.Kohya)));
    }

    [Fact]
    public void A_bias_is_divided_with_the_rows_and_scaled_where_peft_scales_it()
    {
        double[] bias = [.. Enumerable.Range(1, 3 * Width).Select(static number => (double)number)];
        string path = Write(
            new SampleLora()
                .Layer(Fused, 3 * Width, Width, 2, alpha: 4)
                .Tensor(SampleTensor.Of($"{Fused}.diff_b", TensorType.Float32, [3 * Width], bias))
        );
        string diffusers = Rename(path, LoraNaming.Diffusers);
        Assert.Equal(bias.Skip(Width).Take(Width), NumbersOf(diffusers, $"{Split}.to_k.lora_B.bias"));
        string peft = Rename(path, LoraNaming.Peft);
        Assert.Equal(
            bias.Take(Width).Select(static number => number / 2),
            NumbersOf(peft, "base_model.model.transformer_blocks.0.attn.to_q.lora_B.bias")
        );
        string back = Rename(peft, LoraNaming.ComfyUI);
        Assert.Equal(bias, NumbersOf(back, "diffusion_model.double_blocks.0.img_attn.qkv.diff_b"));
    }

    [Fact]
    public void The_type_changes_alone_and_small_numbers_are_balanced()
    {
        string path = Write(new SampleLora().Layer(Plain, 32, Width, 4, alpha: 2, deviation: 1e-8));
        LoraConversion result = ConversionScene.Convert(
            path,
            folder.PathOf("out/lora.safetensors"),
            new ConversionSettings { Type = OutputType.Float16 }
        );
        Assert.Equal(ConversionScene.NamesIn(path), ConversionScene.NamesIn(result.Path));
        using (Adapter adapter = Adapter.Open(result.Path))
        {
            Assert.All(adapter.Layers, static layer => Assert.Equal(TensorType.Float16, layer.Up.Type));
        }

        double[] up = [.. Enumerable.Repeat(1e-7, 32)];
        double[] down = [.. Enumerable.Repeat(1000.0, Width)];
        string uneven = Write(new SampleLora().Layer(Plain, up, [32, 1], down, [1, Width], alpha: 1));
        LoraConversion balanced = ConversionScene.Convert(
            uneven,
            folder.PathOf("balanced/lora.safetensors"),
            new ConversionSettings { Type = OutputType.Float16 }
        );
        ConversionScene.AssertSameMeaning(uneven, balanced.Path, tolerance: 2e-3);
    }

    [Fact]
    public void What_has_no_name_is_an_error_or_stays_behind()
    {
        const string Difference = "lora_unet_double_blocks_0_img_mlp_2.diff";
        string path = Write(
            new SampleLora()
                .Layer(Plain, 32, Width, 4, alpha: 2)
                .Tensor(SampleTensor.Of(Difference, TensorType.Float32, [2, 2], new double[4]))
        );
        ConversionException refused = Assert.Throws<ConversionException>(() => Rename(path, LoraNaming.Diffusers));
        Assert.Contains("lora_unet_double_blocks_0_img_mlp_2", refused.Message, StringComparison.Ordinal);
        var log = new EventLog();
        LoraConversion result = ConversionScene.Convert(
            path,
            folder.PathOf("out/lora.safetensors"),
            new ConversionSettings { Naming = LoraNaming.Diffusers, SkipsUnsupported = true },
            log
        );
        Assert.Equal(["lora_unet_double_blocks_0_img_mlp_2"], result.LeftBehind);
        Assert.Single(log.Warnings);
        Assert.Contains("diffusion_model.double_blocks.0.img_mlp.2.diff", ConversionScene.NamesIn(Rename(path, LoraNaming.ComfyUI)));
    }

    [Theory]
    [InlineData(LoraNaming.Kohya, false)]
    [InlineData(LoraNaming.ComfyUI, false)]
    [InlineData(LoraNaming.Diffusers, true)]
    [InlineData(LoraNaming.Peft, true)]
    public void Bundled_embeddings_stay_behind_where_the_program_has_no_place_for_them(LoraNaming naming, bool staysBehind)
    {
        const string Bundled = "bundle_emb.token.string_to_param.*";
        string path = Write(
            new SampleLora()
                .Layer(Plain, 32, Width, 4, alpha: 2)
                .Tensor(SampleTensor.Of(Bundled, TensorType.Float32, [2, 4], new double[8]))
        );
        LoraConversion result = ConversionScene.Convert(
            path,
            folder.PathOf("out/adapter_model.safetensors"),
            new ConversionSettings { Naming = naming, SkipsUnsupported = true }
        );
        Assert.Equal(staysBehind ? [Bundled] : [], result.LeftBehind);
        Assert.Equal(!staysBehind, ConversionScene.NamesIn(result.Path).Contains(Bundled));
    }

    [Fact]
    public void Metadata_stays_and_says_how_the_file_was_converted()
    {
        string path = Write(
            new SampleLora()
                .Layer(Plain, 32, Width, 4, alpha: 2)
                .Metadata("ss_output_name", "style")
                .Metadata("lora_adapter_metadata", "{}")
        );
        IReadOnlyDictionary<string, string> metadata = MetadataOf(Rename(path, LoraNaming.ComfyUI));
        Assert.Equal("style", metadata["ss_output_name"]);
        Assert.False(metadata.ContainsKey("lora_adapter_metadata"));
        using var parameters = JsonDocument.Parse(metadata[ConversionMaking.MetadataKey]);
        Assert.Equal("ComfyUI", parameters.RootElement.GetProperty("naming").GetString());
        Assert.Equal(Path.GetFileName(path), parameters.RootElement.GetProperty("source").GetString());
    }

    [Fact]
    public void The_hashes_are_those_of_the_output()
    {
        string path = Write(new SampleLora().Layer(Plain, 32, Width, 4, alpha: 2).Metadata("sshs_model_hash", "stale"));
        string output = Rename(path, LoraNaming.ComfyUI);
        byte[] bytes = File.ReadAllBytes(output);
        int header = (int)BitConverter.ToUInt64(bytes) + sizeof(ulong);
        string expected = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(header))).ToLowerInvariant();
        Assert.Equal(expected, MetadataOf(output)["sshs_model_hash"]);
    }

    [Fact]
    public void A_folder_of_peft_holds_one_model()
    {
        string path = Write(
            new SampleLora()
                .Layer(Plain, 32, Width, 2, alpha: 2)
                .Layer("lora_te1_text_model_encoder_layers_0_mlp_fc1", 8, Width, 2, alpha: 2)
        );
        Assert.Throws<ConversionException>(() => Rename(path, LoraNaming.Peft));
        LoraConversion result = ConversionScene.Convert(
            path,
            folder.PathOf("out/adapter_model.safetensors"),
            new ConversionSettings { Naming = LoraNaming.Peft, SkipsUnsupported = true }
        );
        Assert.Equal(["lora_te1_text_model_encoder_layers_0_mlp_fc1"], result.LeftBehind);
    }

    [Fact]
    public void The_input_is_never_replaced()
    {
        string path = Write(new SampleLora().Layer(Plain, 32, Width, 2, alpha: 2));
        OutputException refused = Assert.Throws<OutputException>(() =>
            ConversionScene.Convert(path, path, new ConversionSettings { Naming = LoraNaming.ComfyUI })
        );
        Assert.Equal("IsInput", refused.Defect);
    }

    private string Write(SampleLora lora) => lora.Write(folder.PathOf($"{Guid.NewGuid():N}.safetensors"));

    private string Rename(string path, LoraNaming naming) => ConversionScene.Rename(path, folder.PathOf($"{Guid.NewGuid():N}"), naming);

    private string WriteSplit(params int[] ranks)
    {
        var lora = new SampleLora().Layer("transformer.single_transformer_blocks.0.proj_out", Width, 5 * Width, 2);
        string[] parts = ["to_q", "to_k", "to_v"];
        for (int part = 0; part < parts.Length; part++)
        {
            string name = $"{Split}.{parts[part]}";
            int rank = ranks[part];
            lora.Tensor(
                    SampleTensor.Of($"{name}.lora_A.weight", TensorType.Float32, [rank, Width], new Gaussian(part).Numbers(rank * Width))
                )
                .Tensor(SampleTensor.Of($"{name}.lora_B.weight", TensorType.Float32, [Width, rank], new Gaussian(9).Numbers(rank * Width)));
        }

        return Write(lora);
    }

    private static IEnumerable<string> FactorsIn(string path) =>
        ConversionScene
            .BytesIn(path)
            .Where(static tensor => !tensor.Key.EndsWith(".alpha", StringComparison.Ordinal))
            .Select(static tensor => tensor.Value)
            .Order(StringComparer.Ordinal);

    private static string UpOf(string path, string tensor) => ConversionScene.BytesIn(path)[tensor];

    private static double[] NumbersOf(string path, string tensor)
    {
        using var file = SafetensorsFile.Open(path);
        TensorEntry entry = file.Find(tensor)!;
        return [.. ScalarFloat.DecodeAll(entry.Type, file.Read(entry))];
    }

    private static IReadOnlyDictionary<string, string> MetadataOf(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Header.Metadata;
    }
}
