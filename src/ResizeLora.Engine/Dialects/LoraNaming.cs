namespace ResizeLora.Dialects;

/// <summary>In whose words the layers of a converted file are named.</summary>
public enum LoraNaming
{
    /// <summary>kohya's sd-scripts and musubi-tuner: <c>lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight</c>.</summary>
    Kohya,

    /// <summary>diffusers: <c>transformer.transformer_blocks.0.attn.to_q.lora_A.weight</c>, without alpha.</summary>
    Diffusers,

    /// <summary>ComfyUI: <c>diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight</c>, the base model's own names.</summary>
    ComfyUI,

    /// <summary>A folder of PEFT: <c>base_model.model.…</c> in <c>adapter_model.safetensors</c>, with its settings beside.</summary>
    Peft,
}
