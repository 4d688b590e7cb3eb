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
        Assert.Same(weight, checkpoint.Find(LinearLayer));
        Assert.Equal(
            (LinearLayer, Linear, 0, 6, 4, "[6, 4]"),
            (weight.Layer, weight.Tensor.Name, weight.FirstRow, weight.Rows, weight.Columns, weight.ShapeText)
        );
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
            checkpoint.Read(weight, bytes);
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
    public void A_file_without_a_layer_of_SDXL_is_an_error_that_names_it_and_closes_it()
    {
        string path = SampleFiles.Write(folder.PathOf("other.safetensors"), [Zeros("unet.down_blocks.0.weight", 2, 2)]);
        CheckpointException exception = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.Equal("Unrecognised", exception.Defect);
        Assert.Contains($"'{path}'", exception.Message, StringComparison.Ordinal);
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Theory]
    [InlineData(new long[] { 2, 4 }, new long[] { 6, 2 }, new long[] { 6, 4 })]
    [InlineData(new long[] { 2, 4, 1, 1 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4 })]
    [InlineData(new long[] { 2, 4 }, new long[] { 6, 2 }, new long[] { 6, 4, 1, 1 })]
    [InlineData(new long[] { 2, 4, 3, 3 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4, 3, 3 })]
    public void A_layer_fits_a_base_of_its_shape_with_or_without_a_kernel_of_one(long[] down, long[] up, long[] weight) =>
        Validate(down, up, weight);

    [Theory]
    [InlineData(new long[] { 2, 5 }, new long[] { 6, 2 }, new long[] { 6, 4 }, "[6, 5]", "[6, 4]")]
    [InlineData(new long[] { 2, 4 }, new long[] { 7, 2 }, new long[] { 6, 4 }, "[7, 4]", "[6, 4]")]
    [InlineData(new long[] { 2, 6 }, new long[] { 4, 2 }, new long[] { 6, 4 }, "[4, 6]", "[6, 4]")]
    [InlineData(new long[] { 2, 4, 1, 1 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4, 3, 3 }, "[6, 4, 1, 1]", "[6, 4, 3, 3]")]
    [InlineData(new long[] { 2, 4, 3, 3 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 4, 1, 9 }, "[6, 4, 3, 3]", "[6, 4, 1, 9]")]
    [InlineData(new long[] { 2, 36 }, new long[] { 6, 2 }, new long[] { 6, 4, 3, 3 }, "[6, 36]", "[6, 4, 3, 3]")]
    [InlineData(new long[] { 2, 4, 3, 3 }, new long[] { 6, 2, 1, 1 }, new long[] { 6, 36 }, "[6, 4, 3, 3]", "[6, 36]")]
    public void A_layer_that_does_not_fit_is_an_error_with_both_shapes(
        long[] down,
        long[] up,
        long[] weight,
        string layerShape,
        string baseShape
    )
    {
        AdapterException exception = Assert.Throws<AdapterException>(() => Validate(down, up, weight));
        Assert.Equal(("ShapeMismatch", LinearLayer, "some/lora.safetensors"), (exception.Defect, exception.Layer, exception.Path));
        Assert.All(
            [layerShape, baseShape, Linear, "some/lora.safetensors"],
            word => Assert.Contains(word, exception.Message, StringComparison.Ordinal)
        );
    }

    private static void Validate(long[] down, long[] up, long[] weight)
    {
        var layer = new AdapterLayer(
            LinearLayer,
            new TensorEntry("down", TensorType.Float16, down, 0, 0),
            new TensorEntry("up", TensorType.Float16, up, 0, 0),
            1
        );
        new BaseWeight(LinearLayer, new TensorEntry(Linear, TensorType.Float16, weight, 0, 0), 0, (int)weight[0]).Validate(
            layer,
            "some/lora.safetensors"
        );
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
