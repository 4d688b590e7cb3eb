using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>Families are known by names and by proportions, so that narrow files tell the same as real ones.</summary>
public sealed class BaseModelFamilyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string?> LayerNames =>
        new()
        {
            { "lora_unet_double_blocks_18_img_attn_qkv", "Flux" },
            { "transformer.single_transformer_blocks.37.attn.to_q", "Flux" },
            { "diffusion_model.joint_blocks.0.x_block.attn.qkv", "SD 3" },
            { "lora_unet_double_blocks_0_img_mlp_fc1", "HunyuanVideo" },
            { "diffusion_model.blocks.0.self_attn.q", "Wan" },
            { "lora_unet_blocks_39_cross_attn_k", "Wan" },
            { "transformer.blocks.0.attn1.to_q", "Wan" },
            { "lora_unet_blocks_0_self_attn_q_proj", "Cosmos or Anima" },
            { "lora_unet_transformer_blocks_0_img_mlp_net_0_proj", "Qwen-Image" },
            { "diffusion_model.layers.0.attention.qkv", "Z-Image or Lumina 2" },
            { "distilled_guidance_layer.layers.0.in_layer", "Chroma" },
            { "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", "SD 1.x or 2.x" },
            { "lora_unet_up_blocks_3_attentions_2_transformer_blocks_0_attn1_to_q", "SD 1.x or 2.x" },
            { "lora_unet_down_blocks_1_attentions_0_transformer_blocks_1_attn1_to_q", "SDXL" },
            { "lora_unet_mid_block_attentions_0_transformer_blocks_9_attn1_to_q", "SDXL" },
            { "unet.up_blocks.0.attentions.2.proj_in", "SDXL" },
            { "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q", "SDXL" },
            { "lora_te2_text_model_encoder_layers_3_mlp_fc1", "SDXL" },
            { "lora_te_text_model_encoder_layers_3_mlp_fc1", null },
            { "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", null },
            { "text_model.encoder.layers.0.self_attn.q_proj", null },
            { "something", null },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(LayerNames))]
    public void A_LoRA_is_known_by_its_layers_names(string layer, string? expected) =>
        Assert.Equal(expected, Read(new SampleLora().Layer(layer, 8, 6, 2)).BaseModel);

    // A slider: a few layers of the cross attention, no metadata. A narrow copy has the same proportions.
    [Theory]
    [InlineData("lora_unet_down_blocks_1_attentions_0", 640, 2048, "SDXL")]
    [InlineData("lora_unet_mid_block_attentions_0", 1280, 2048, "SDXL")]
    [InlineData("lora_unet_output_blocks_5_1", 640, 2048, "SDXL")]
    [InlineData("lora_unet_down_blocks_1_attentions_0", 640, 768, "SD 1.x")]
    [InlineData("lora_unet_up_blocks_1_attentions_0", 1280, 768, "SD 1.x")]
    [InlineData("lora_unet_down_blocks_0_attentions_0", 320, 1024, "SD 2.x")]
    [InlineData("lora_unet_down_blocks_1_attentions_0", 640, 1024, "SD 2.x")]
    [InlineData("lora_unet_mid_block_attentions_0", 1280, 1024, "SD 2.x")]
    [InlineData("lora_unet_down_blocks_1_attentions_0", 768, 1280, "SDXL refiner")]
    public void A_slider_is_known_by_the_proportions_of_its_cross_attention(string block, int width, int context, string expected)
    {
        foreach (int narrow in (int[])[1, 16])
        {
            SampleLora lora = new SampleLora()
                .Layer($"{block}_transformer_blocks_0_attn1_to_q", width / narrow, width / narrow, 4)
                .Layer($"{block}_transformer_blocks_0_attn2_to_k", width / narrow, context / narrow, 4);
            Assert.Equal(expected, Read(lora).BaseModel);
        }
    }

    [Theory]
    [InlineData("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", "Flux")]
    [InlineData("model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight", "SD 3")]
    [InlineData("model.diffusion_model.blocks.0.self_attn.q.weight", "Wan")]
    [InlineData("model.diffusion_model.transformer_blocks.0.img_mod.1.weight", "Qwen-Image")]
    [InlineData("model.diffusion_model.middle_block.1.transformer_blocks.9.ff.net.2.weight", "SDXL")]
    [InlineData("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", "SD 1.x or 2.x")]
    [InlineData("conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight", "SDXL")]
    [InlineData("cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight", null)]
    [InlineData("model.diffusion_model.anything.weight", null)]
    public void A_base_model_is_known_by_its_tensors_names(string tensor, string? expected)
    {
        using var checkpoint = Checkpoint.Open(
            SampleFiles.Write(
                folder.PathOf("base.safetensors"),
                [
                    SampleTensor.Of(tensor, TensorType.Float16, [2, 2], new double[4]),
                    SampleTensor.Of("model.diffusion_model.time_embed.2.weight", TensorType.Float16, [2, 2], new double[4]),
                ]
            )
        );
        Assert.Equal(expected, checkpoint.Family);
    }

    [Theory]
    [InlineData("double_blocks.0.img_attn.qkv.weight", "Flux")]
    [InlineData("towers.0.mixer.dense.weight", null)]
    public void A_base_model_without_prefixes_is_one_whether_its_family_is_known_or_not(string tensor, string? expected)
    {
        string path = SampleFiles.Write(
            folder.PathOf("base.safetensors"),
            [SampleTensor.Of(tensor, TensorType.Float16, [6, 2], new double[12])]
        );
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Assert.Equal(expected, checkpoint.Family);
        Assert.NotEmpty(checkpoint.Weights);
    }

    private LoraInfo Read(SampleLora lora) => LoraInfoReader.TryRead(lora.Write(folder.PathOf("lora.safetensors")), out _)!;
}
