using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>What is more than a pair of factors is not understood, and therefore left whole.</summary>
public sealed class ForeignTensorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("dora_scale")]
    [InlineData("lora_mid.weight")]
    [InlineData("bias")]
    [InlineData("w_norm")]
    [InlineData("lora_magnitude_vector.weight")]
    [InlineData("some.later.invention")]
    public void A_layer_with_a_tensor_more_passes_through_whole(string extra)
    {
        using Adapter adapter = Open(
            new SampleLora()
                .Layer("plain", 8, 6, 2, alpha: 1)
                .Layer("extended", 8, 6, 2, alpha: 1)
                .Tensor(SampleTensor.Scalar($"extended.{extra}", 1))
        );
        Assert.Equal(["plain"], adapter.Layers.Select(layer => layer.Name));
        string[] expected = ["extended.alpha", "extended.lora_down.weight", "extended.lora_up.weight", $"extended.{extra}"];
        Assert.Equal(expected, adapter.OtherTensors.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData("diff_b")]
    [InlineData("lora_B.bias")]
    public void A_change_of_the_bias_beside_a_pair_is_copied_and_the_pair_is_a_layer(string beside)
    {
        using Adapter adapter = Open(
            new SampleLora()
                .Layer("extended", 8, 6, 2, alpha: 1)
                .Tensor(SampleTensor.Of($"extended.{beside}", TensorType.Float32, [8], new double[8]))
        );
        Assert.Equal("extended", Assert.Single(adapter.Layers).Name);
        Assert.Equal([$"extended.{beside}"], adapter.OtherTensors.Select(static tensor => tensor.Name));
        Assert.Empty(adapter.KeptLayers);
    }

    [Fact]
    public void An_incomplete_layer_with_a_tensor_more_is_no_error_but_another_kind_of_layer()
    {
        using Adapter adapter = Open(
            new SampleLora()
                .Tensor(SampleTensor.Of("extended.lora_down.weight", TensorType.Float32, [2, 3], new double[6]))
                .Tensor(SampleTensor.Scalar("extended.lora_A", 1))
        );
        Assert.Empty(adapter.Layers);
        Assert.Equal(2, adapter.OtherTensors.Count);
    }

    [Theory]
    [InlineData("loha.hada_w1_a", "loha.alpha")]
    [InlineData("lokr.lokr_w1", "lokr.alpha")]
    [InlineData("bundle_emb.word.string_to_param.*", "lonely.alpha")]
    [InlineData("unet.down.lora_A.weight", "unet.down.lora_B.weight")]
    public void Tensors_of_other_families_belong_to_no_layer(string first, string second)
    {
        using Adapter adapter = Open(
            new SampleLora().Tensor(SampleTensor.Scalar(first, 1)).Layer("plain", 8, 6, 2).Tensor(SampleTensor.Scalar(second, 1))
        );
        Assert.Equal(["plain"], adapter.Layers.Select(layer => layer.Name));
        Assert.Equal([first, second], adapter.OtherTensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void A_layer_whose_name_begins_with_anothers_is_its_own()
    {
        using Adapter adapter = Open(
            new SampleLora()
                .Layer("block_1", 8, 6, 2)
                .Layer("block_10", 8, 6, 2)
                .Layer("block", 8, 6, 2)
                .Tensor(SampleTensor.Scalar("block_10.dora_scale", 1))
        );
        Assert.Equal(["block_1", "block"], adapter.Layers.Select(layer => layer.Name));
    }

    [Theory]
    [InlineData("lora_unet_x.lora_down.weight", AdapterFileKind.Lora)]
    [InlineData("lora_unet_x.lora_up.weight", AdapterFileKind.Lora)]
    [InlineData("unet.x.lora_A.weight", AdapterFileKind.Lora)]
    [InlineData("unet.x.lora_B.weight", AdapterFileKind.Lora)]
    [InlineData("unet.x.lora.down.weight", AdapterFileKind.Lora)]
    [InlineData("unet.x.to_q_lora.up.weight", AdapterFileKind.Lora)]
    [InlineData("lora_unet_x.hada_w1_a", AdapterFileKind.Lora)]
    [InlineData("lora_unet_x.lokr_w2", AdapterFileKind.Lora)]
    [InlineData("lora_unet_x.oft_blocks", AdapterFileKind.OtherAdapter)]
    [InlineData("lora_unet_x.diff", AdapterFileKind.OtherAdapter)]
    [InlineData("model.diffusion_model.out.2.weight", AdapterFileKind.Checkpoint)]
    [InlineData("conditioner.embedders.0.transformer.text_model.final_layer_norm.weight", AdapterFileKind.Checkpoint)]
    [InlineData("cond_stage_model.transformer.text_model.x.weight", AdapterFileKind.Checkpoint)]
    [InlineData("decoder.conv_in.weight", AdapterFileKind.Other)]
    [InlineData("emb_params", AdapterFileKind.Other)]
    [InlineData("LORA_UNET_X.LORA_DOWN.WEIGHT", AdapterFileKind.Other)]
    public void A_header_tells_the_kind_of_the_file(string tensor, AdapterFileKind kind) =>
        Assert.Equal(kind, KindOf(tensor, "anything.else"));

    [Fact]
    public void A_pair_of_factors_makes_a_LoRA_whatever_else_is_there_and_nothing_makes_nothing()
    {
        Assert.Equal(AdapterFileKind.Lora, KindOf("model.diffusion_model.x.weight", "a.hada_w1_a", "b.lora_up.weight"));
        Assert.Equal(AdapterFileKind.OtherAdapter, KindOf("model.diffusion_model.x.weight", "a.oft_blocks"));
        Assert.Equal(AdapterFileKind.Other, KindOf());
    }

    [Theory]
    [InlineData("resize_params", "{\"recipe_str\":\"x\"}", "x")]
    [InlineData("ss_training_comment", "Dynamic resize with sv_fro: 0.9 from 32; my comment", "Dynamic resize with sv_fro: 0.9 from 32")]
    [InlineData("ss_training_comment", "dimension is resized from 128 to 32; None", "dimension is resized from 128 to 32")]
    [InlineData("ss_training_comment", "trained on cats; dimension is resized from 128 to 32", null)]
    [InlineData("ss_training_comment", "dynamic resize with love", null)]
    [InlineData("resize", "yes", null)]
    public void Metadata_tells_how_a_file_was_resized_before(string key, string value, string? expected) =>
        Assert.Equal(expected, Adapter.ResizedWith(new Dictionary<string, string> { ["ss_network_dim"] = "8", [key] = value }));

    private static AdapterFileKind KindOf(params string[] names)
    {
        var layout = SafetensorsLayout.Create(
            names.Select(static name => (name, TensorType.Float16, (IReadOnlyList<long>)[2L])),
            new Dictionary<string, string>()
        );
        return Adapter.KindOf(SafetensorsHeader.Parse(layout.Prefix.Span[sizeof(ulong)..], layout.DataLength, "kind.safetensors"));
    }

    private Adapter Open(SampleLora lora) => Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
}
