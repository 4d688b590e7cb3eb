using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>What belongs together becomes one base model, however it lies on the disk.</summary>
public sealed class CheckpointOpenerTests : IDisposable
{
    private const string UNetQuery = "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q.weight";
    private const string UNetKey = "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_k.weight";
    private const string Encoder = "text_model.encoder.layers.0.mlp.fc1.weight";
    private const string T5 = "encoder.block.0.layer.0.SelfAttention.q.weight";
    private const string FluxBlock = "double_blocks.0.img_attn.proj.weight";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_folder_of_diffusers_with_shards_is_one_base_model()
    {
        WriteIndex("model/unet/diffusion_pytorch_model.safetensors.index.json", (UNetQuery, "a.safetensors"), (UNetKey, "b.safetensors"));
        Write("model/unet/a.safetensors", UNetQuery);
        Write("model/unet/b.safetensors", UNetKey);
        Write("model/text_encoder/model.safetensors", Encoder);
        Write("model/text_encoder_2/model.safetensors", Encoder);
        Write("model/vae/diffusion_pytorch_model.safetensors", "decoder.conv_in.weight");
        using Checkpoint checkpoint = Checkpoint.Open(folder.PathOf("model"));
        Assert.Equal(("SDXL", folder.PathOf("model"), 4), (checkpoint.Family, checkpoint.Path, checkpoint.FilePaths.Count()));
        Assert.Equal(
            [Component.UNet, Component.UNet, Component.TextEncoder1, Component.TextEncoder2],
            checkpoint.Weights.Select(static weight => weight.Key.Component)
        );
        Assert.NotNull(checkpoint.Find("lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_k"));
        Assert.NotNull(checkpoint.Find("lora_te2_text_model_encoder_layers_0_mlp_fc1"));
    }

    [Fact]
    public void The_index_of_shards_is_a_path_of_the_base_model_too()
    {
        string index = WriteIndex("model.safetensors.index.json", (UNetQuery, "a.safetensors"), (UNetKey, "b.safetensors"));
        Write("a.safetensors", UNetQuery);
        Write("b.safetensors", UNetKey);
        using Checkpoint checkpoint = Checkpoint.Open(index);
        Assert.Equal(("SDXL", 2), (checkpoint.Family, checkpoint.Weights.Count));
    }

    [Theory]
    [InlineData("diffusion_pytorch_model.fp16.safetensors")]
    [InlineData("model.safetensors")]
    [InlineData("anything.safetensors")]
    public void The_weights_of_a_folder_may_have_any_usual_name(string name)
    {
        Write($"model/unet/{name}", UNetQuery);
        using Checkpoint checkpoint = Checkpoint.Open(folder.PathOf("model"));
        Assert.Equal(folder.PathOf($"model/unet/{name}"), Assert.Single(checkpoint.FilePaths));
    }

    [Fact]
    public void Of_a_file_in_full_precision_and_a_variant_the_first_counts()
    {
        Write("model/unet/diffusion_pytorch_model.fp16.safetensors", UNetKey);
        string whole = Write("model/unet/diffusion_pytorch_model.safetensors", UNetQuery);
        using Checkpoint checkpoint = Checkpoint.Open(folder.PathOf("model"));
        Assert.Equal(whole, Assert.Single(checkpoint.FilePaths));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{\"weight_map\": [1]}")]
    [InlineData("{\"weight_map\": {\"a\": 3}}")]
    [InlineData("{\"weight_map\": {\"a\": null}}")]
    [InlineData("{\"weight_map\": {\"a\": \"\"}}")]
    [InlineData("{\"weight_map\": {\"a\": \"..\"}}")]
    [InlineData("{\"weight_map\": {\"a\": \"../outside.safetensors\"}}")]
    [InlineData("{\"weight_map\": {\"a\": \"inner/a.safetensors\"}}")]
    [InlineData("{\"weight_map\": {\"a\": \"/etc/passwd\"}}")]
    public void An_index_that_names_no_files_beside_it_is_an_error_that_names_it(string text)
    {
        Write("outside.safetensors", UNetQuery);
        Directory.CreateDirectory(folder.PathOf("model"));
        string index = folder.PathOf("model/model.safetensors.index.json");
        File.WriteAllText(index, text);
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(index).Dispose());
        Assert.Equal(("CheckpointMalformed", index), (exception.ErrorId, exception.Path));
    }

    [Fact]
    public void A_shard_that_is_missing_is_an_error_that_names_it_and_closes_the_others()
    {
        string index = WriteIndex("model.safetensors.index.json", (UNetQuery, "a.safetensors"), (UNetKey, "b.safetensors"));
        string first = Write("a.safetensors", UNetQuery);
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(index).Dispose());
        Assert.Equal(("CheckpointMissing", folder.PathOf("b.safetensors")), (exception.ErrorId, exception.Path));
        using FileStream closed = File.Open(first, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void Files_of_different_components_are_one_base_model_in_any_order()
    {
        string denoiser = Write("flux.safetensors", FluxBlock);
        string clip = Write("clip_l.safetensors", Encoder);
        string t5 = Write("t5xxl.safetensors", T5);
        foreach (string[] paths in new string[][] { [denoiser, clip, t5], [t5, denoiser, clip] })
        {
            using Checkpoint checkpoint = Checkpoint.Open(string.Join('|', paths));
            Assert.Equal(("Flux", string.Join('|', paths)), (checkpoint.Family, checkpoint.Path));
            Assert.Equal(Component.TextEncoder1, checkpoint.Find("lora_te1_text_model_encoder_layers_0_mlp_fc1")!.Key.Component);
            Assert.Equal(T5, checkpoint.Find("lora_te3_encoder_block_0_layer_0_SelfAttention_q")!.Tensor);
            Assert.Equal(T5, checkpoint.Find("lora_te2_encoder_block_0_layer_0_SelfAttention_q")!.Tensor);
        }
    }

    [Fact]
    public void Files_of_two_families_are_two_base_models_and_share_a_text_encoder_that_both_have()
    {
        string sdxl = Write("sdxl.safetensors", UNetQuery);
        string flux = Write("flux.safetensors", FluxBlock);
        string clip = Write("clip_l.safetensors", Encoder);
        string t5 = Write("t5xxl.safetensors", T5);
        IReadOnlyList<Checkpoint> checkpoints = CheckpointOpener.Open([sdxl, flux, clip, t5]);
        try
        {
            Assert.Equal(["SDXL", "Flux"], checkpoints.Select(static checkpoint => checkpoint.Family));
            Assert.Equal([sdxl, clip], checkpoints[0].Origins);
            Assert.Equal([flux, clip, t5], checkpoints[1].Origins);
            Assert.All(checkpoints, checkpoint => Assert.NotNull(checkpoint.Find("lora_te1_text_model_encoder_layers_0_mlp_fc1")));
        }
        finally
        {
            foreach (Checkpoint checkpoint in checkpoints)
            {
                checkpoint.Dispose();
            }
        }

        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open($"{sdxl}|{flux}").Dispose());
        Assert.Equal("CheckpointSeveral", exception.ErrorId);
    }

    [Fact]
    public void Shards_that_are_given_one_by_one_are_one_base_model()
    {
        string first = Write("a.safetensors", UNetQuery);
        string second = Write("b.safetensors", UNetKey);
        using Checkpoint checkpoint = Checkpoint.Open($"{first}|{second}");
        Assert.Equal(2, checkpoint.Weights.Count);
    }

    [Fact]
    public void A_file_without_weights_among_others_is_an_error_that_names_it()
    {
        string sdxl = Write("sdxl.safetensors", UNetQuery);
        string vae = Write("vae.safetensors", "first_stage_model.decoder.conv_in.weight");
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open($"{sdxl}|{vae}").Dispose());
        Assert.Equal(("CheckpointUnrecognised", vae), (exception.ErrorId, exception.Path));
    }

    [Theory]
    [InlineData("double_blocks.0.qkv.weight.quant_state.bitsandbytes__nf4", "NF4")]
    [InlineData("double_blocks.0.qkv.weight.quant_state.bitsandbytes__fp4", "FP4")]
    [InlineData("transformer_blocks.0.qkv_proj.wscales", "nunchaku")]
    [InlineData("blocks.0.q.weight_scale_2", "NVFP4")]
    [InlineData("layers.0.q_proj.qzeros", "GPTQ or AWQ")]
    [InlineData("layers.0.q_proj.qweight", "GPTQ")]
    public void Packed_weights_are_refused_by_name_with_what_to_use(string tensor, string format)
    {
        string path = SampleFiles.Write(
            folder.PathOf("packed.safetensors"),
            [Zeros(FluxBlock), new SampleTensor(tensor, TensorType.UInt8, [4], [1, 2, 3, 4])]
        );
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.Equal(("CheckpointPacked", path), (exception.ErrorId, exception.Path));
        Assert.All([format, tensor, "GGUF"], word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void A_GGUF_file_has_the_weights_of_the_same_model_in_safetensors()
    {
        double[] numbers = new Gaussian(1).Numbers(64);
        string gguf = new SampleGguf().Of(FluxBlock, GgufType.F16, [2, 32], numbers).Write(folder.PathOf("flux.gguf"));
        string plain = SampleFiles.Write(
            folder.PathOf("flux.safetensors"),
            [SampleTensor.Of(FluxBlock, TensorType.Float16, [2, 32], numbers)]
        );
        using Checkpoint left = Checkpoint.Open(gguf);
        using Checkpoint right = Checkpoint.Open(plain);
        Assert.Equal(right.Family, left.Family);
        Assert.Equal(ReadAll(Assert.Single(right.Weights)), ReadAll(Assert.Single(left.Weights)));
    }

    private static double[] ReadAll(BaseWeight weight)
    {
        byte[] bytes = new byte[weight.ByteLength];
        weight.Read(bytes);
        return ScalarFloat.DecodeAll(weight.Type, bytes);
    }

    private static SampleTensor Zeros(string name) => SampleTensor.Of(name, TensorType.Float16, [4, 2], new double[8]);

    private string Write(string name, params string[] tensors)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.PathOf(name))!);
        return SampleFiles.Write(folder.PathOf(name), tensors.Select(Zeros));
    }

    private string WriteIndex(string name, params (string Tensor, string File)[] map)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.PathOf(name))!);
        string entries = string.Join(", ", map.Select(static entry => $"\"{entry.Tensor}\": \"{entry.File}\""));
        File.WriteAllText(folder.PathOf(name), $"{{\"metadata\": {{}}, \"weight_map\": {{{entries}}}}}");
        return folder.PathOf(name);
    }
}
