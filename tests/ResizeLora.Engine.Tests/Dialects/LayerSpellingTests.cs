using ResizeLora.Architectures;
using ResizeLora.Dialects;

namespace ResizeLora.Tests.Dialects;

/// <summary>Every spelling that trainers write is read: whose it is, what part of the model is meant, and the module.</summary>
public sealed class LayerSpellingTests
{
    private const string Block = "transformer_blocks.0.attn.to_q";
    private const string Encoder = "text_model.encoder.layers.0.mlp.fc1";

    public static TheoryData<string, AdapterDialect, Component, string> Spellings =>
        new()
        {
            // kohya, musubi-tuner, LyCORIS and OneTrainer within kohya's names.
            { "lora_unet_input_blocks_4_1_proj_in.lora_down.weight", AdapterDialect.Kohya, Component.UNet, "input_blocks_4_1_proj_in" },
            { "lora_unet__layers_0_attention_qkv.lora_up.weight", AdapterDialect.Kohya, Component.UNet, "_layers_0_attention_qkv" },
            { "lora_te_text_model_x.alpha", AdapterDialect.Kohya, Component.TextEncoder1, "text_model_x" },
            { "lora_te1_text_model_x.lora_down.weight", AdapterDialect.Kohya, Component.TextEncoder1, "text_model_x" },
            { "lora_te2_text_projection.lora_down.weight", AdapterDialect.Kohya, Component.TextEncoder2, "text_projection" },
            { "lora_te3_encoder_block_0.lora_down.weight", AdapterDialect.Kohya, Component.TextEncoder3, "encoder_block_0" },
            { "lora_te4_layers_0_mlp.lora_down.weight", AdapterDialect.Kohya, Component.TextEncoder4, "layers_0_mlp" },
            { "lora_prior_unet_down_blocks_0.lora_down.weight", AdapterDialect.Kohya, Component.UNet, "down_blocks_0" },
            { "lora_prior_te_text_model_x.lora_down.weight", AdapterDialect.Kohya, Component.TextEncoder1, "text_model_x" },
            { "oft_unet_input_blocks_1.oft_blocks", AdapterDialect.Kohya, Component.UNet, "input_blocks_1" },
            // OneTrainer's older format and LyCORIS by itself.
            {
                "lora_transformer_transformer_blocks_0.lora_down.weight",
                AdapterDialect.OneTrainer,
                Component.UNet,
                "transformer_blocks_0"
            },
            { "lycoris_transformer_blocks_0_attn.lokr_w1", AdapterDialect.Lycoris, Component.UNet, "transformer_blocks_0_attn" },
            { "lycoris__layers_0_attention.lora_down.weight", AdapterDialect.Lycoris, Component.UNet, "_layers_0_attention" },
            { "lycoris_text_model_x.lora_down.weight", AdapterDialect.Lycoris, Component.TextEncoder1, "text_model_x" },
            // diffusers, SimpleTuner, and what else begins with transformer.
            { "unet.mid_block.x.lora_A.weight", AdapterDialect.Diffusers, Component.UNet, "mid_block.x" },
            { $"text_encoder.{Encoder}.lora_B.weight", AdapterDialect.Diffusers, Component.TextEncoder1, Encoder },
            { $"text_encoder_2.{Encoder}.lora_linear_layer.down.weight", AdapterDialect.Diffusers, Component.TextEncoder2, Encoder },
            { "text_encoder_3.encoder.block.0.x.lora_A.weight", AdapterDialect.Diffusers, Component.TextEncoder3, "encoder.block.0.x" },
            { $"transformer.{Block}.lora_A.weight", AdapterDialect.Diffusers, Component.UNet, Block },
            { $"transformer.{Block}.lora.up.weight", AdapterDialect.Diffusers, Component.UNet, Block },
            { "transformer.double_blocks.0.x.qkv.1.lora_down.weight", AdapterDialect.Diffusers, Component.UNet, "double_blocks.0.x.qkv.1" },
            { "transformer.diffusion_model.blocks.0.x.lora_A.weight", AdapterDialect.Diffusers, Component.UNet, "blocks.0.x" },
            { "conditional_transformer.layers.0.o.lora_A.weight", AdapterDialect.Diffusers, Component.UNet, "layers.0.o" },
            // diffusers' attention processors.
            {
                "down_blocks.0.attn1.processor.to_q_lora.down.weight",
                AdapterDialect.Diffusers,
                Component.UNet,
                "down_blocks.0.attn1.to_q"
            },
            { "unet.up_blocks.1.a.processor.to_out_lora.up.weight", AdapterDialect.Diffusers, Component.UNet, "up_blocks.1.a.to_out.0" },
            // The base model's own names.
            { "diffusion_model.blocks.0.self_attn.q.lora_A.weight", AdapterDialect.BaseModel, Component.UNet, "blocks.0.self_attn.q" },
            { $"text_encoders.clip_l.transformer.{Encoder}.lora_down.weight", AdapterDialect.BaseModel, Component.TextEncoder1, Encoder },
            { $"text_encoders.clip_g.transformer.{Encoder}.lora_down.weight", AdapterDialect.BaseModel, Component.TextEncoder2, Encoder },
            { "double_blocks.0.img_attn.proj.lora_A.weight", AdapterDialect.BaseModel, Component.Other, "double_blocks.0.img_attn.proj" },
            { $"{Block}.lora_A.default.weight", AdapterDialect.BaseModel, Component.Other, Block },
            { "double_blocks.0.x.qkv_lora1.down.weight", AdapterDialect.BaseModel, Component.Other, "double_blocks.0.x.qkv_lora1" },
            // PEFT, plain and around a component.
            { "base_model.model.model.layers.0.mlp.up.lora_A.weight", AdapterDialect.Peft, Component.Other, "model.layers.0.mlp.up" },
            { "base_model.model.double_blocks.0.x.lora_A.default.weight", AdapterDialect.Peft, Component.Other, "double_blocks.0.x" },
            { "base_model.model.diffusion_model.blocks.0.x.lora_B.weight", AdapterDialect.Peft, Component.UNet, "blocks.0.x" },
            { $"base_model.model.{Encoder}.lora_A.weight", AdapterDialect.Peft, Component.TextEncoder1, Encoder },
            { "base_model.model.down_blocks.0.proj_in.lora_A.weight", AdapterDialect.Peft, Component.UNet, "down_blocks.0.proj_in" },
            { "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", AdapterDialect.Peft, Component.Other, "h.0.attn.c_attn" },
            { "unet.base_model.model.mid_block.x.lora_A.weight", AdapterDialect.Peft, Component.UNet, "mid_block.x" },
            { $"transformer.base_model.model.{Block}.lora_A.weight", AdapterDialect.Peft, Component.UNet, Block },
            { $"text_encoder_2.base_model.model.{Encoder}.lora_A.weight", AdapterDialect.Peft, Component.TextEncoder2, Encoder },
            { "something.else.lora_down.weight", AdapterDialect.Unknown, Component.Other, "something.else" },
        };

    [Theory]
    [MemberData(nameof(Spellings))]
    public void A_name_says_dialect_component_and_module(string tensor, AdapterDialect dialect, Component component, string module)
    {
        string layer = AdapterTensorName.Parse(tensor)!.Value.Layer;
        Assert.Equal(new LayerSpelling(dialect, component, module), LayerSpelling.Read(layer));
    }

    [Theory]
    [InlineData("x.lora_down.weight", AdapterPart.Down)]
    [InlineData("x.lora_A.weight", AdapterPart.Down)]
    [InlineData("x.lora_A.default.weight", AdapterPart.Down)]
    [InlineData("x.lora.down.weight", AdapterPart.Down)]
    [InlineData("x.lora_up.weight", AdapterPart.Up)]
    [InlineData("x.lora_B.weight", AdapterPart.Up)]
    [InlineData("x.lora_B.style.weight", AdapterPart.Up)]
    [InlineData("x.lora_B.bias", AdapterPart.Beside)]
    [InlineData("x.diff_b", AdapterPart.Beside)]
    [InlineData("x.alpha", AdapterPart.Alpha)]
    [InlineData("x.dora_scale", AdapterPart.Magnitude)]
    [InlineData("x.lora_magnitude_vector.default.weight", AdapterPart.Magnitude)]
    [InlineData("x.lora_mid.weight", AdapterPart.Other)]
    [InlineData("x.hada_w1_a", AdapterPart.Other)]
    public void A_name_says_the_part(string tensor, object part)
    {
        AdapterTensorName name = AdapterTensorName.Parse(tensor)!.Value;
        Assert.Equal(("x", part), (name.Layer, name.Part));
    }

    [Theory]
    [InlineData("bundle_emb.word.clip_l")]
    [InlineData("bundle_emb.word.lora_down.weight")]
    [InlineData("_aux.steps.alpha")]
    [InlineData("x.weight")]
    [InlineData("x.down.weight")]
    [InlineData("lora_down.weight")]
    [InlineData(".alpha")]
    [InlineData("")]
    public void Other_names_say_nothing(string tensor) => Assert.Null(AdapterTensorName.Parse(tensor));

    [Fact]
    public void A_prefix_alone_is_no_spelling() => Assert.Equal(AdapterDialect.Unknown, LayerSpelling.Read("lora_unet_").Dialect);
}
