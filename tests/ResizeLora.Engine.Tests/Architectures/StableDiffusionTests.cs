using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Architectures;

/// <summary>Two spellings of one layer of Stable Diffusion have one key, and the base model's weight has the same.</summary>
public sealed class StableDiffusionTests : IDisposable
{
    // A layer that SDXL alone has: without one, nothing would tell how many levels there are.
    private const string OnlyInSdxl = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_1_attn1_to_q";
    private const string UNet = "model.diffusion_model.";
    private const string TextEncoder1 = "conditioner.embedders.0.transformer.text_model.encoder.layers.";
    private const string TextEncoder2 = "conditioner.embedders.1.model.transformer.resblocks.";

    private const string OnlyInSdxlBase = UNet + "middle_block.1.transformer_blocks.8.attn1.to_k.weight";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", "input_blocks_4_1_transformer_blocks_0_attn1_to_q")]
    [InlineData("down_blocks_2_attentions_1_proj_out", "input_blocks_8_1_proj_out")]
    [InlineData("mid_block_attentions_0_transformer_blocks_9_ff_net_2", "middle_block_1_transformer_blocks_9_ff_net_2")]
    [InlineData("up_blocks_0_attentions_2_proj_in", "output_blocks_2_1_proj_in")]
    [InlineData("up_blocks_1_attentions_0_proj_in", "output_blocks_3_1_proj_in")]
    [InlineData("down_blocks_0_resnets_1_conv1", "input_blocks_2_0_in_layers_2")]
    [InlineData("down_blocks_0_resnets_1_norm1", "input_blocks_2_0_in_layers_0")]
    [InlineData("down_blocks_2_resnets_0_conv_shortcut", "input_blocks_7_0_skip_connection")]
    [InlineData("mid_block_resnets_1_conv2", "middle_block_2_out_layers_3")]
    [InlineData("up_blocks_2_resnets_2_time_emb_proj", "output_blocks_8_0_emb_layers_1")]
    [InlineData("down_blocks_0_downsamplers_0_conv", "input_blocks_3_0_op")]
    [InlineData("up_blocks_1_upsamplers_0_conv", "output_blocks_5_2_conv")]
    [InlineData("conv_in", "input_blocks_0_0")]
    [InlineData("conv_out", "out_2")]
    [InlineData("time_embedding_linear_2", "time_embed_2")]
    [InlineData("add_embedding_linear_1", "label_emb_0_0")]
    public void The_names_of_diffusers_and_Stabilitys_have_one_key(string diffusers, string stability)
    {
        LayerKey expected = new(Component.UNet, stability);
        Assert.Equal(expected, KeyOf($"lora_unet_{diffusers}", OnlyInSdxl));
        Assert.Equal(expected, KeyOf($"lora_unet_{stability}", OnlyInSdxl));
        Assert.Equal(expected, KeyOf($"unet.{diffusers}", OnlyInSdxl));
        Assert.Equal(expected, KeyOf($"lycoris_{diffusers}", OnlyInSdxl));
    }

    [Theory]
    [InlineData("lora_unet_input_blocks_4_1_proj_in", "input_blocks_4_1_proj_in")]
    [InlineData("lora_unet_down_blocks_resnets_1_conv1", "down_blocks_resnets_1_conv1")]
    [InlineData("lora_unet_down_blocks_99999999999_attentions_0_proj_in", "down_blocks_99999999999_attentions_0_proj_in")]
    public void Other_names_are_their_own_keys(string name, string path) =>
        Assert.Equal(new LayerKey(Component.UNet, path), KeyOf(name, OnlyInSdxl));

    [Theory]
    [InlineData("lora_te_text_model_encoder_layers_3_mlp_fc1", Component.TextEncoder1)]
    [InlineData("lora_te1_text_model_encoder_layers_3_mlp_fc1", Component.TextEncoder1)]
    [InlineData("lora_te2_text_model_encoder_layers_3_mlp_fc1", Component.TextEncoder2)]
    [InlineData("text_encoder.text_model.encoder.layers.3.mlp.fc1", Component.TextEncoder1)]
    [InlineData("text_encoder_2.text_model.encoder.layers.3.mlp.fc1", Component.TextEncoder2)]
    [InlineData("text_encoders.clip_l.transformer.text_model.encoder.layers.3.mlp.fc1", Component.TextEncoder1)]
    [InlineData("text_encoders.clip_g.transformer.text_model.encoder.layers.3.mlp.fc1", Component.TextEncoder2)]
    public void A_layer_of_a_text_encoder_has_one_key_in_every_spelling(string name, Component component) =>
        Assert.Equal(new LayerKey(component, "text_model_encoder_layers_3_mlp_fc1"), KeyOf(name, OnlyInSdxl));

    [Theory]
    [InlineData(UNet + "input_blocks.4.1.transformer_blocks.0.attn1.to_q", "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q")]
    [InlineData(UNet + "middle_block.1.transformer_blocks.9.ff.net.0.proj", "lora_unet_middle_block_1_transformer_blocks_9_ff_net_0_proj")]
    [InlineData(UNet + "output_blocks.5.2.conv", "lora_unet_output_blocks_5_2_conv")]
    [InlineData(UNet + "input_blocks.3.0.op", "lora_unet_input_blocks_3_0_op")]
    [InlineData(UNet + "input_blocks.1.0.in_layers.2", "lora_unet_input_blocks_1_0_in_layers_2")]
    [InlineData(UNet + "output_blocks.0.0.skip_connection", "lora_unet_output_blocks_0_0_skip_connection")]
    [InlineData(UNet + "time_embed.0", "lora_unet_time_embed_0")]
    [InlineData(UNet + "label_emb.0.2", "lora_unet_label_emb_0_2")]
    [InlineData(UNet + "out.2", "lora_unet_out_2")]
    [InlineData(TextEncoder1 + "11.self_attn.out_proj", "lora_te1_text_model_encoder_layers_11_self_attn_out_proj")]
    [InlineData(TextEncoder1 + "3.mlp.fc1", "lora_te1_text_model_encoder_layers_3_mlp_fc1")]
    [InlineData(TextEncoder1 + "0.self_attn.q_proj", "lora_te1_text_model_encoder_layers_0_self_attn_q_proj")]
    [InlineData(TextEncoder2 + "0.attn.out_proj", "lora_te2_text_model_encoder_layers_0_self_attn_out_proj")]
    [InlineData(TextEncoder2 + "31.mlp.c_fc", "lora_te2_text_model_encoder_layers_31_mlp_fc1")]
    [InlineData(TextEncoder2 + "31.mlp.c_proj", "lora_te2_text_model_encoder_layers_31_mlp_fc2")]
    public void A_weight_lies_under_the_layer_of_its_name(string module, string layer)
    {
        using Checkpoint checkpoint = Open($"{module}.weight");
        Assert.Contains(layer, checkpoint.Weights.Select(static weight => weight.Layer));
        Assert.Equal($"{module}.weight", checkpoint.Find(layer)?.Tensor);
    }

    [Fact]
    public void The_stacked_projections_of_CLIP_G_lie_under_three_layers_in_the_order_q_k_v()
    {
        string tensor = $"{TextEncoder2}30.attn.in_proj_weight";
        string[] layers = [.. "qkv".Select(static part => $"lora_te2_text_model_encoder_layers_30_self_attn_{part}_proj")];
        using Checkpoint checkpoint = Open(tensor);
        Assert.Equal(layers, checkpoint.Weights.Where(weight => weight.Tensor == tensor).Select(static weight => weight.Layer));
        Assert.Equal([0, 1, 2], layers.Select(layer => checkpoint.Find(layer)!.Key.Rows.First));
    }

    [Theory]
    [InlineData("conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight")]
    [InlineData("conditioner.embedders.1.model.token_embedding.weight")]
    [InlineData("conditioner.embedders.1.model.positional_embedding")]
    [InlineData("first_stage_model.encoder.conv_in.weight")]
    [InlineData("model_ema.diffusion_modelinput_blocks00weight")]
    public void No_layer_lies_over_other_tensors(string tensor)
    {
        using Checkpoint checkpoint = Open(tensor);
        Assert.DoesNotContain(tensor, checkpoint.Weights.Select(static weight => weight.Tensor));
    }

    private LayerKey KeyOf(string layer, string other)
    {
        string path = new SampleLora().Layer(layer, 8, 6, 2).Layer(other, 8, 6, 2).Write(folder.PathOf("lora.safetensors"));
        using var adapter = Adapter.Open(path);
        return adapter.Layers[0].Key;
    }

    private Checkpoint Open(string tensor) =>
        Checkpoint.Open(
            SampleFiles.Write(
                folder.PathOf("base.safetensors"),
                [
                    SampleTensor.Of(tensor, TensorType.Float16, [6, 2], new double[12]),
                    SampleTensor.Of(OnlyInSdxlBase, TensorType.Float16, [2, 2], new double[4]),
                ]
            )
        );
}
