namespace ResizeLora.Dialects;

/// <summary>Whose names an adapter's tensors bear.</summary>
public enum AdapterDialect
{
    /// <summary>No known names.</summary>
    Unknown,

    /// <summary>kohya's sd-scripts, and LyCORIS within them: <c>lora_unet_…</c>, <c>lora_te1_…</c>.</summary>
    Kohya,

    /// <summary>
    /// OneTrainer: kohya's prefix before diffusers' names (<c>lora_unet_down_blocks_…</c>); early versions of kohya's trainer wrote SDXL
    /// likewise.
    /// </summary>
    OneTrainer,

    /// <summary>diffusers: <c>unet.….lora_A.weight</c>, <c>text_encoder.…</c>.</summary>
    Diffusers,

    /// <summary>PEFT: <c>base_model.model.…</c>.</summary>
    Peft,

    /// <summary>LyCORIS by itself: <c>lycoris_…</c>.</summary>
    Lycoris,

    /// <summary>The base model's own names: <c>diffusion_model.…</c>, as ComfyUI and some trainers write.</summary>
    BaseModel,
}
