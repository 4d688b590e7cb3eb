using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>The base weight that each LoRA layer means.</summary>
public sealed class CheckpointTests : IDisposable
{
    private const string Linear = "model.diffusion_model.input_blocks.4.1.proj_in.weight";
    private const string LinearLayer = "lora_unet_input_blocks_4_1_proj_in";
    private const string Stacked = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Layers_are_found_by_the_names_of_the_trainer()
    {
        using Checkpoint checkpoint = Open(Zeros(Linear, 6, 4), Zeros("first_stage_model.decoder.conv_in.weight", 4, 4));
        BaseWeight weight = Assert.Single(checkpoint.Weights);
        Assert.Equal(weight.Name, checkpoint.Find(LinearLayer)?.Name);
        Assert.Same(checkpoint.Find(LinearLayer), checkpoint.Find(LinearLayer));
        Assert.Equal((LinearLayer, Linear, 6, 4, "[6, 4]"), (weight.Layer, weight.Tensor, weight.Rows, weight.Columns, weight.ShapeText));
        Assert.Null(checkpoint.Find("lora_unet_unheard_of"));
    }

    [Fact]
    public void The_columns_of_a_convolution_are_its_channels_times_its_kernel()
    {
        using Checkpoint checkpoint = Open(Zeros("model.diffusion_model.input_blocks.1.0.in_layers.2.weight", 6, 4, 3, 3));
        BaseWeight weight = Assert.Single(checkpoint.Weights);
        Assert.Equal(
            (6, 36, 144, 864L, "[6, 4, 3, 3]"),
            (weight.Rows, weight.Columns, weight.RowByteLength, weight.ByteLength, weight.ShapeText)
        );
    }

    [Fact]
    public void The_thirds_of_stacked_projections_are_read_one_by_one()
    {
        using Checkpoint checkpoint = Open(
            SampleTensor.Of(Stacked, TensorType.Float16, [6, 2], Enumerable.Range(0, 12).Select(static index => (double)index))
        );
        string[] projections = ["q", "k", "v"];
        for (int third = 0; third < projections.Length; third++)
        {
            BaseWeight weight = checkpoint.Find($"lora_te2_text_model_encoder_layers_0_self_attn_{projections[third]}_proj")!;
            byte[] bytes = new byte[weight.ByteLength];
            weight.Read(bytes);
            Assert.Equal("[2, 2]", weight.ShapeText);
            Assert.Equal(
                Enumerable.Range(4 * third, 4).Select(static value => (double)value),
                ScalarFloat.DecodeAll(TensorType.Float16, bytes)
            );
        }
    }

    [Fact]
    public void Tensors_that_are_no_matrix_of_weights_are_passed_over()
    {
        using Checkpoint checkpoint = Open(
            Zeros(Linear, 6, 4),
            Zeros("model.diffusion_model.out.0.weight", 4),
            Zeros("model.diffusion_model.empty.weight", 0, 4),
            SampleTensor.Of("model.diffusion_model.integers.weight", TensorType.Int8, [2, 2], new double[4]),
            Zeros(Stacked, 7, 2)
        );
        Assert.Equal([LinearLayer], checkpoint.Weights.Select(weight => weight.Layer));
    }

    [Fact]
    public void A_missing_checkpoint_is_an_error_that_names_it()
    {
        string path = folder.PathOf("absent.safetensors");
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.Equal(("Missing", "CheckpointMissing", path), (exception.Defect, exception.ErrorId, exception.Path));
        Assert.Contains($"'{path}'", exception.Message, StringComparison.Ordinal);
        Assert.Equal(
            "Missing",
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.PathOf("no/such/folder.safetensors")).Dispose()).Defect
        );
    }

    [Fact]
    public void A_folder_and_a_pickle_are_no_checkpoints()
    {
        Assert.Equal("IsFolder", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path).Dispose()).Defect);
        string pickle = folder.PathOf("model.CKPT");
        File.WriteAllText(pickle, "never opened");
        UnsupportedFileException exception = Assert.Throws<UnsupportedFileException>(() => Checkpoint.Open(pickle).Dispose());
        Assert.Equal(("FileUnsupported", pickle), (exception.ErrorId, exception.Path));
        Assert.Contains("Convert it to safetensors", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_weights_is_an_error_that_names_it_and_closes_it()
    {
        string path = SampleFiles.Write(folder.PathOf("other.safetensors"), [Zeros("unet.down_blocks.0.bias", 4)]);
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.Equal("Unrecognised", exception.Defect);
        Assert.Contains($"'{path}'", exception.Message, StringComparison.Ordinal);
        AssertClosed(path);
    }

    [Theory]
    [InlineData("lora_unet_input_blocks_4_1_proj_in.lora_down.weight")]
    [InlineData("transformer.blocks.0.attn1.to_q.lora_A.weight")]
    public void A_LoRA_is_no_base_model(string tensor)
    {
        string path = SampleFiles.Write(folder.PathOf("lora.safetensors"), [Zeros(tensor, 2, 4)]);
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.Equal("CheckpointUnrecognised", exception.ErrorId);
        Assert.Contains("is a LoRA", exception.Message, StringComparison.Ordinal);
        AssertClosed(path);
    }

    [Theory]
    [InlineData("lora_unet_towers_0_mixer_inner_dense", "towers_0_mixer_inner_dense")]
    [InlineData("lycoris_towers_0_mixer_inner_dense", "towers_0_mixer_inner_dense")]
    [InlineData("diffusion_model.towers.0.mixer.inner_dense", "towers_0_mixer_inner_dense")]
    [InlineData("transformer.towers.0.mixer.inner_dense", "towers_0_mixer_inner_dense")]
    [InlineData("base_model.model.towers.0.mixer.inner_dense", "towers_0_mixer_inner_dense")]
    [InlineData("towers.0.mixer.inner_dense", "towers_0_mixer_inner_dense")]
    public void The_weights_of_an_architecture_that_nobody_knows_are_found_by_their_own_names(string layer, string path)
    {
        using Checkpoint checkpoint = Open(
            Zeros("towers.0.mixer.inner_dense.weight", 6, 4),
            Zeros("towers.1.mixer.inner_dense.weight", 6, 4)
        );
        Assert.Null(checkpoint.Family);
        BaseWeight weight = checkpoint.Find(layer)!;
        Assert.Equal((path, "towers.0.mixer.inner_dense.weight"), (weight.Key.Path, weight.Tensor));
    }

    [Theory]
    [InlineData(new long[] { 2, 4 }, new long[] { 6, 2 }, new long[] { 6, 4 }, true)]
    [InlineData(new long[] { 2, 4, 1, 1 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4 }, true)]
    [InlineData(new long[] { 2, 4 }, new long[] { 6, 2 }, new long[] { 6, 4, 1, 1 }, true)]
    [InlineData(new long[] { 2, 4, 3, 3 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4, 3, 3 }, true)]
    [InlineData(new long[] { 2, 4, 3, 3, 3 }, new long[] { 6, 2, 1, 1, 1 }, new long[] { 6, 4, 3, 3, 3 }, true)]
    [InlineData(new long[] { 2, 5 }, new long[] { 6, 2 }, new long[] { 6, 4 }, false)]
    [InlineData(new long[] { 2, 4 }, new long[] { 7, 2 }, new long[] { 6, 4 }, false)]
    [InlineData(new long[] { 2, 6 }, new long[] { 4, 2 }, new long[] { 6, 4 }, false)]
    [InlineData(new long[] { 2, 4, 1, 1 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4, 3, 3 }, false)]
    [InlineData(new long[] { 2, 4, 3, 3 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4, 1, 9 }, false)]
    [InlineData(new long[] { 2, 36 }, new long[] { 6, 2 }, new long[] { 6, 4, 3, 3 }, false)]
    [InlineData(new long[] { 2, 4, 3, 3 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 36 }, false)]
    public void A_layer_fits_a_base_of_its_shape_with_or_without_a_kernel_of_one(long[] down, long[] up, long[] shape, bool fits)
    {
        var layer = new AdapterLayer(
            LinearLayer,
            new TensorEntry("down", TensorType.Float16, down, 0, 0),
            new TensorEntry("up", TensorType.Float16, up, 0, 0),
            1
        );
        using Checkpoint checkpoint = Open(Zeros(Linear, shape));
        Assert.Equal(fits, checkpoint.Find(layer)!.Fits(layer));
    }

    private static void AssertClosed(string path)
    {
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    private static SampleTensor Zeros(string name, params long[] shape) =>
        SampleTensor.Of(
            name,
            TensorType.Float32,
            shape,
            new double[shape.Aggregate(1L, static (product, dimension) => product * dimension)]
        );

    private Checkpoint Open(params SampleTensor[] tensors) =>
        Checkpoint.Open(SampleFiles.Write(folder.PathOf("base.safetensors"), tensors));
}
