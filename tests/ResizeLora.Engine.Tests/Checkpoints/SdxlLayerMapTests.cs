using ResizeLora.Checkpoints;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>Which LoRA layers lie over a tensor of an SDXL checkpoint.</summary>
public sealed class SdxlLayerMapTests
{
    private const string UNet = "model.diffusion_model.";
    private const string TextEncoder1 = "conditioner.embedders.0.transformer.text_model.encoder.layers.";
    private const string TextEncoder2 = "conditioner.embedders.1.model.transformer.resblocks.";

    [Theory]
    [InlineData(
        UNet + "input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight",
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q"
    )]
    [InlineData(
        UNet + "input_blocks.4.1.transformer_blocks.0.attn2.to_out.0.weight",
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_out_0"
    )]
    [InlineData(
        UNet + "middle_block.1.transformer_blocks.9.ff.net.0.proj.weight",
        "lora_unet_middle_block_1_transformer_blocks_9_ff_net_0_proj"
    )]
    [InlineData(UNet + "output_blocks.5.2.conv.weight", "lora_unet_output_blocks_5_2_conv")]
    [InlineData(UNet + "input_blocks.3.0.op.weight", "lora_unet_input_blocks_3_0_op")]
    [InlineData(UNet + "input_blocks.1.0.in_layers.2.weight", "lora_unet_input_blocks_1_0_in_layers_2")]
    [InlineData(UNet + "output_blocks.0.0.skip_connection.weight", "lora_unet_output_blocks_0_0_skip_connection")]
    [InlineData(UNet + "time_embed.0.weight", "lora_unet_time_embed_0")]
    [InlineData(UNet + "label_emb.0.2.weight", "lora_unet_label_emb_0_2")]
    [InlineData(UNet + "out.2.weight", "lora_unet_out_2")]
    [InlineData(TextEncoder1 + "11.self_attn.q_proj.weight", "lora_te1_text_model_encoder_layers_11_self_attn_q_proj")]
    [InlineData(TextEncoder1 + "0.self_attn.out_proj.weight", "lora_te1_text_model_encoder_layers_0_self_attn_out_proj")]
    [InlineData(TextEncoder1 + "3.mlp.fc1.weight", "lora_te1_text_model_encoder_layers_3_mlp_fc1")]
    [InlineData(TextEncoder2 + "0.attn.out_proj.weight", "lora_te2_text_model_encoder_layers_0_self_attn_out_proj")]
    [InlineData(TextEncoder2 + "31.mlp.c_fc.weight", "lora_te2_text_model_encoder_layers_31_mlp_fc1")]
    [InlineData(TextEncoder2 + "31.mlp.c_proj.weight", "lora_te2_text_model_encoder_layers_31_mlp_fc2")]
    public void A_weight_lies_under_the_layer_of_its_name(string tensor, string layer) =>
        Assert.Equal([layer], SdxlLayerMap.LayersOf(tensor));

    [Fact]
    public void The_stacked_projections_of_CLIP_G_lie_under_three_layers_in_the_order_q_k_v()
    {
        string[] expected =
        [
            "lora_te2_text_model_encoder_layers_30_self_attn_q_proj",
            "lora_te2_text_model_encoder_layers_30_self_attn_k_proj",
            "lora_te2_text_model_encoder_layers_30_self_attn_v_proj",
        ];
        Assert.Equal(expected, SdxlLayerMap.LayersOf(TextEncoder2 + "30.attn.in_proj_weight"));
    }

    [Theory]
    [InlineData(UNet + "input_blocks.4.1.proj_in.bias")]
    [InlineData(TextEncoder1 + "0.mlp.fc1.bias")]
    [InlineData("conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight")]
    [InlineData("conditioner.embedders.0.transformer.text_model.final_layer_norm.weight")]
    [InlineData(TextEncoder2 + "0.attn.in_proj_bias")]
    [InlineData(TextEncoder2 + "0.attn.out_proj.bias")]
    [InlineData(TextEncoder2 + "0.ln_1.weight")]
    [InlineData("conditioner.embedders.1.model.token_embedding.weight")]
    [InlineData("conditioner.embedders.1.model.text_projection")]
    [InlineData("first_stage_model.encoder.conv_in.weight")]
    [InlineData("denoiser.sigmas")]
    [InlineData("unet.down_blocks.0.resnets.0.conv1.weight")]
    [InlineData("")]
    public void Other_tensors_lie_under_none(string tensor) => Assert.Empty(SdxlLayerMap.LayersOf(tensor));
}
