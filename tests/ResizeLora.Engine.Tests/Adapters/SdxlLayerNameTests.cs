using ResizeLora.Adapters;

namespace ResizeLora.Tests.Adapters;

/// <summary>Two trainers' names for one layer become one.</summary>
public sealed class SdxlLayerNameTests
{
    [Theory]
    [InlineData("down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", "input_blocks_4_1_transformer_blocks_0_attn1_to_q")]
    [InlineData("down_blocks_2_attentions_1_proj_out", "input_blocks_8_1_proj_out")]
    [InlineData("mid_block_attentions_0_transformer_blocks_9_ff_net_2", "middle_block_1_transformer_blocks_9_ff_net_2")]
    [InlineData("up_blocks_0_attentions_2_proj_in", "output_blocks_2_1_proj_in")]
    [InlineData("up_blocks_1_attentions_0_proj_in", "output_blocks_3_1_proj_in")]
    [InlineData("down_blocks_0_resnets_1_conv1", "input_blocks_2_0_in_layers_2")]
    [InlineData("down_blocks_2_resnets_0_conv_shortcut", "input_blocks_7_0_skip_connection")]
    [InlineData("mid_block_resnets_1_conv2", "middle_block_2_out_layers_3")]
    [InlineData("up_blocks_2_resnets_2_time_emb_proj", "output_blocks_8_0_emb_layers_1")]
    [InlineData("down_blocks_0_downsamplers_0_conv", "input_blocks_3_0_op")]
    [InlineData("up_blocks_1_upsamplers_0_conv", "output_blocks_5_2_conv")]
    [InlineData("conv_in", "input_blocks_0_0")]
    [InlineData("conv_out", "out_2")]
    [InlineData("time_embedding_linear_2", "time_embed_2")]
    [InlineData("add_embedding_linear_1", "label_emb_0_0")]
    public void The_names_of_diffusers_become_Stabilitys(string diffusers, string stability) =>
        Assert.Equal($"lora_unet_{stability}", SdxlLayerName.Canonical($"lora_unet_{diffusers}"));

    [Theory]
    [InlineData("lora_unet_input_blocks_4_1_proj_in")]
    [InlineData("lora_unet_down_blocks_0_resnets_1_norm1")]
    [InlineData("lora_unet_down_blocks_resnets_1_conv1")]
    [InlineData("lora_unet_down_blocks_99999999999_attentions_0_proj_in")]
    [InlineData("lora_te2_text_model_encoder_layers_3_mlp_fc1")]
    [InlineData("lora_unet_")]
    [InlineData("")]
    public void Other_names_stay(string name) => Assert.Equal(name, SdxlLayerName.Canonical(name));

    [Fact]
    public void The_only_text_encoder_is_the_first() =>
        Assert.Equal(
            "lora_te1_text_model_encoder_layers_0_mlp_fc1",
            SdxlLayerName.Canonical("lora_te_text_model_encoder_layers_0_mlp_fc1")
        );
}
