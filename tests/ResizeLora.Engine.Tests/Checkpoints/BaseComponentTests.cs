using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>A layer's weight is found whole, in rows of a fused one, put together from parts, or the other way round.</summary>
public sealed class BaseComponentTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_text_projection_of_OpenCLIP_is_stored_transposed()
    {
        using Checkpoint checkpoint = Open(
            Numbered("conditioner.embedders.1.model.text_projection", 0, 2, 3),
            Numbered("conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight", 0, 2, 2)
        );
        BaseWeight weight = checkpoint.Find("lora_te2_text_projection")!;
        Assert.Equal((3, 2, TensorType.Float32, "[3, 2]"), (weight.Rows, weight.Columns, weight.Type, weight.ShapeText));
        Assert.Equal([0, 3, 1, 4, 2, 5], ReadAll(weight));
        Assert.Equal(weight.Name, checkpoint.Find("lora_te2_text_model_text_projection")?.Name);
        Assert.Equal([2, 5], ReadRows(weight, 2, 1));
    }

    [Fact]
    public void The_text_projection_of_transformers_is_stored_as_it_is_meant()
    {
        using Checkpoint checkpoint = Open(
            Numbered("text_encoder_2.text_projection.weight", 0, 2, 3),
            Numbered("text_encoder_2.text_model.encoder.layers.0.mlp.fc1.weight", 0, 2, 2)
        );
        Assert.Equal([0, 1, 2, 3, 4, 5], ReadAll(checkpoint.Find("lora_te2_text_projection")!));
    }

    [Theory]
    [InlineData("transformer.transformer_blocks.0.attn.to_q", 0)]
    [InlineData("lora_unet_transformer_blocks_0_attn_to_k", 4)]
    [InlineData("transformer.double_blocks.0.img_attn.qkv.2", 8)]
    public void Rows_of_a_fused_weight_are_found(string layer, int first)
    {
        using Checkpoint checkpoint = Open(Numbered("double_blocks.0.img_attn.qkv.weight", 0, 6, 2), Numbered("img_in.weight", 0, 2, 2));
        BaseWeight weight = checkpoint.Find(layer)!;
        Assert.Equal(2, weight.Rows);
        Assert.Equal(Enumerable.Range(first, 4).Select(static value => (double)value), ReadAll(weight));
    }

    [Fact]
    public void A_fused_weight_is_put_together_from_its_parts()
    {
        using Checkpoint checkpoint = Open(
            Numbered("transformer_blocks.0.attn.to_v.weight", 8, 2, 2),
            Numbered("transformer_blocks.0.attn.to_q.weight", 0, 2, 2),
            Numbered("transformer_blocks.0.attn.to_k.weight", 4, 2, 2),
            Numbered("single_transformer_blocks.0.proj_out.weight", 0, 2, 2)
        );
        BaseWeight weight = checkpoint.Find("lora_unet_double_blocks_0_img_attn_qkv")!;
        Assert.Equal((6, 2), (weight.Rows, weight.Columns));
        Assert.Equal(Enumerable.Range(0, 12).Select(static value => (double)value), ReadAll(weight));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9], ReadRows(weight, 1, 4));
        Assert.Equal([4, 5, 6, 7], ReadAll(checkpoint.Find("transformer.transformer_blocks.0.attn.to_k")!));
    }

    [Fact]
    public void A_fused_weight_of_which_a_part_is_missing_is_not_found()
    {
        using Checkpoint checkpoint = Open(
            Numbered("transformer_blocks.0.attn.to_q.weight", 0, 2, 2),
            Numbered("transformer_blocks.0.attn.to_v.weight", 8, 2, 2),
            Numbered("single_transformer_blocks.0.proj_out.weight", 0, 2, 2)
        );
        Assert.Null(checkpoint.Find("lora_unet_double_blocks_0_img_attn_qkv"));
        Assert.Null(checkpoint.Find("lora_unet_double_blocks_0_img_attn_qkv.1"));
        Assert.NotNull(checkpoint.Find("transformer.transformer_blocks.0.attn.to_v"));
    }

    [Theory]
    [InlineData("final_layer.adaLN_modulation.1.weight", "lora_unet_final_layer_adaLN_modulation_1", false)]
    [InlineData("final_layer.adaLN_modulation.1.weight", "transformer.norm_out.linear", true)]
    [InlineData("norm_out.linear.weight", "transformer.norm_out.linear", false)]
    [InlineData("norm_out.linear.weight", "lora_unet_final_layer_adaLN_modulation_1", true)]
    public void Halves_that_are_stacked_in_the_other_order_are_swapped(string tensor, string layer, bool isSwapped)
    {
        using Checkpoint checkpoint = Open(Numbered(tensor, 0, 4, 2), Numbered("single_blocks.0.linear2.weight", 0, 2, 2));
        Assert.Equal(isSwapped ? [4, 5, 6, 7, 0, 1, 2, 3] : [0, 1, 2, 3, 4, 5, 6, 7], ReadAll(checkpoint.Find(layer)!));
    }

    [Fact]
    public void A_module_may_be_named_together_with_the_prefix_in_the_file()
    {
        using Checkpoint checkpoint = Open(Numbered("net.towers.0.dense.weight", 0, 2, 2), Numbered("net.towers.1.dense.weight", 4, 2, 2));
        Assert.Equal([4, 5, 6, 7], ReadAll(checkpoint.Find("diffusion_model.net.towers.1.dense")!));
        Assert.Equal([4, 5, 6, 7], ReadAll(checkpoint.Find("diffusion_model.towers.1.dense")!));
        Assert.Null(checkpoint.Find("diffusion_model.towers.2.dense"));
    }

    private static double[] ReadAll(BaseWeight weight) => ReadRows(weight, 0, weight.Rows);

    private static double[] ReadRows(BaseWeight weight, int first, int count)
    {
        byte[] bytes = new byte[count * weight.RowByteLength];
        weight.Read(first, bytes);
        return ScalarFloat.DecodeAll(weight.Type, bytes);
    }

    // Elements that count up from a number.
    private static SampleTensor Numbered(string name, int first, params long[] shape) =>
        SampleTensor.Of(
            name,
            TensorType.Float16,
            shape,
            Enumerable.Range(first, (int)(shape[0] * shape[1])).Select(static value => (double)value)
        );

    private Checkpoint Open(params SampleTensor[] tensors) =>
        Checkpoint.Open(SampleFiles.Write(folder.PathOf("base.safetensors"), tensors));
}
