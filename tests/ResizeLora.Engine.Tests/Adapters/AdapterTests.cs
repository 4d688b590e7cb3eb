using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>What a LoRA file holds, layer by layer.</summary>
public sealed class AdapterTests : IDisposable
{
    private const string Layer = "lora_unet_input_blocks_4_1_proj_in";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<long[], long[], LayerKind, int, int> Shapes =>
        new()
        {
            { [4, 32], [40, 4], LayerKind.Linear, 40, 32 },
            { [4, 32, 1, 1], [40, 4, 1, 1], LayerKind.Convolution1x1, 40, 32 },
            { [4, 32, 1, 1], [40, 4], LayerKind.Convolution1x1, 40, 32 },
            { [4, 32, 3, 3], [40, 4, 1, 1], LayerKind.Convolution3x3, 40, 288 },
            { [4, 32, 5, 5], [40, 4, 1, 1], LayerKind.Convolution, 40, 800 },
            { [4, 32, 1, 3], [40, 4, 1, 1], LayerKind.Convolution, 40, 96 },
            { [4, 32, 3], [40, 4, 1], LayerKind.Convolution, 40, 96 },
            { [4, 8, 3, 3, 3], [40, 4, 1, 1, 1], LayerKind.Convolution, 40, 216 },
            { [4, 1], [1, 4], LayerKind.Linear, 1, 1 },
            { [4, 3], [2, 4], LayerKind.Linear, 2, 3 },
        };

    public static TheoryData<TensorType, double> Alphas =>
        new()
        {
            { TensorType.Float16, 0.5 },
            { TensorType.BFloat16, 12 },
            { TensorType.Float32, 0.1f },
            { TensorType.Float64, 0.1 },
            { TensorType.Float8E4M3, 8 },
            { TensorType.Float8E5M2, 0.25 },
            { TensorType.Int64, -3 },
            { TensorType.Int32, 128 },
            { TensorType.Int16, -128 },
            { TensorType.Int8, -1 },
            { TensorType.UInt8, 255 },
            { TensorType.Float32, 0 },
            { TensorType.Float32, -4 },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_layer_tells_its_shape_its_rank_and_its_kind(long[] down, long[] up, LayerKind kind, int outFeatures, int inFeatures)
    {
        using Adapter adapter = Open(new SampleLora().Layer(Layer, new double[Count(up)], up, new double[Count(down)], down, alpha: 2));
        AdapterLayer layer = Assert.Single(adapter.Layers);
        Assert.Equal(
            (Layer, kind, outFeatures, inFeatures, 4, 2.0, 0.5),
            (layer.Name, layer.Kind, layer.OutFeatures, layer.InFeatures, layer.Rank, layer.Alpha, layer.Scale)
        );
        Assert.Empty(adapter.OtherTensors);
    }

    [Theory]
    [InlineData(TensorType.Float16)]
    [InlineData(TensorType.BFloat16)]
    [InlineData(TensorType.Float32)]
    [InlineData(TensorType.Float64)]
    public void Factors_may_be_of_any_type_of_weights(TensorType type)
    {
        using Adapter adapter = Open(new SampleLora().Layer(Layer, 8, 6, 2, alpha: 1, type));
        Assert.Equal((type, type), (adapter.Layers[0].Down.Type, adapter.Layers[0].Up.Type));
    }

    [Theory]
    [MemberData(nameof(Alphas))]
    public void Alpha_may_be_of_any_type_and_sign(TensorType type, double alpha)
    {
        using Adapter adapter = Open(new SampleLora().Layer(Layer, 8, 6, 2).Tensor(SampleTensor.Scalar($"{Layer}.alpha", alpha, type)));
        Assert.Equal(alpha, adapter.Layers[0].Alpha);
        Assert.Equal(alpha / 2, adapter.Layers[0].Scale);
    }

    [Fact]
    public void Alpha_may_be_a_list_of_one_number()
    {
        using Adapter adapter = Open(
            new SampleLora().Layer(Layer, 8, 6, 2).Tensor(SampleTensor.Of($"{Layer}.alpha", TensorType.Float32, [1], [3]))
        );
        Assert.Equal(3, adapter.Layers[0].Alpha);
    }

    [Fact]
    public void Without_alpha_it_is_the_rank_as_every_loader_takes_it()
    {
        using Adapter adapter = Open(new SampleLora().Layer(Layer, 8, 6, 5));
        Assert.Equal((5.0, 1.0), (adapter.Layers[0].Alpha, adapter.Layers[0].Scale));
    }

    [Fact]
    public void Layers_come_in_the_order_of_the_file_and_metadata_is_there()
    {
        using Adapter adapter = Open(
            new SampleLora().Layer("z", 8, 6, 2).Layer("a", 8, 6, 2).Layer("m", 8, 6, 2).Metadata("ss_network_dim", "2")
        );
        Assert.Equal(["z", "a", "m"], adapter.Layers.Select(layer => layer.Name));
        Assert.Equal("2", adapter.Metadata["ss_network_dim"]);
    }

    [Fact]
    public void A_file_without_layers_is_an_adapter_without_layers()
    {
        using Adapter adapter = Open(new SampleLora().Tensor(SampleTensor.Scalar("emb", 1)));
        Assert.Empty(adapter.Layers);
        Assert.Equal(["emb"], adapter.OtherTensors.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q", Component.UNet, "input_blocks.4")]
    [InlineData("lora_unet_middle_block_1_proj_in", Component.UNet, "middle_block")]
    [InlineData("lora_unet_output_blocks_11_0_skip_connection", Component.UNet, "output_blocks.11")]
    [InlineData("lora_unet_down_blocks_1_attentions_0_proj_in", Component.UNet, "down_blocks.1")]
    [InlineData("lora_unet_mid_block_attentions_0_proj_in", Component.UNet, "mid_block")]
    [InlineData("lora_unet_up_blocks_2_resnets_1_conv1", Component.UNet, "up_blocks.2")]
    [InlineData("lora_unet_time_embed_0", Component.UNet, "")]
    [InlineData("lora_te1_text_model_encoder_layers_11_mlp_fc1", Component.TextEncoder1, "layers.11")]
    [InlineData("lora_te2_text_model_encoder_layers_31_self_attn_q_proj", Component.TextEncoder2, "layers.31")]
    [InlineData("lora_te_text_model_encoder_layers_3_mlp_fc2", Component.TextEncoder1, "layers.3")]
    [InlineData("lora_prior_input_blocks", Component.Other, "")]
    [InlineData("odd", Component.Other, "")]
    public void A_name_tells_component_and_block(string name, Component component, string block)
    {
        using Adapter adapter = Open(new SampleLora().Layer(name, 8, 6, 2));
        AdapterLayer layer = Assert.Single(adapter.Layers);
        Assert.Equal((component, block), (layer.Component, layer.Block));
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, static (product, dimension) => product * dimension);

    private Adapter Open(SampleLora lora) => Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
}
