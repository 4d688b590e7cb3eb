using ResizeLora.Architectures;

namespace ResizeLora.Tests.Architectures;

/// <summary>The block of a module, dotted or underscored.</summary>
public sealed class BlockNameTests
{
    [Theory]
    [InlineData("input_blocks_4_1_proj_in", "input_blocks.4")]
    [InlineData("output_blocks.11.0.skip_connection", "output_blocks.11")]
    [InlineData("middle_block_1_proj_in", "middle_block")]
    [InlineData("mid_block.attentions.0.proj_in", "mid_block")]
    [InlineData("down_blocks.1.attentions.0.transformer_blocks.3.attn1.to_q", "down_blocks.1")]
    [InlineData("up_blocks_2_resnets_1_conv1", "up_blocks.2")]
    [InlineData("double_blocks_18_img_attn_qkv", "double_blocks.18")]
    [InlineData("single_blocks.37.linear1", "single_blocks.37")]
    [InlineData("transformer_blocks_0_attn_to_q", "transformer_blocks.0")]
    [InlineData("single_transformer_blocks.12.proj_out", "single_transformer_blocks.12")]
    [InlineData("joint_blocks.23.x_block.attn.qkv", "joint_blocks.23")]
    [InlineData("blocks.39.self_attn.q", "blocks.39")]
    [InlineData("vace_blocks.0.self_attn.q", "vace_blocks.0")]
    [InlineData("layers_29_attention_qkv", "layers.29")]
    [InlineData("noise_refiner.1.attention.qkv", "noise_refiner.1")]
    [InlineData("text_model_encoder_layers_11_mlp_fc1", "layers.11")]
    [InlineData("model.layers.5.mlp.up_proj", "layers.5")]
    [InlineData("encoder.block.3.layer.0.SelfAttention.q", "block.3")]
    [InlineData("time_embed_0", "")]
    [InlineData("roadblocks_3", "")]
    [InlineData("", "")]
    public void A_module_is_in_a_block(string module, string block) => Assert.Equal(block, BlockName.Of(module));
}
