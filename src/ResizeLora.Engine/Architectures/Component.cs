namespace ResizeLora.Architectures;

/// <summary>The part of a model that a layer changes.</summary>
public enum Component
{
    /// <summary>The denoising network of Stable Diffusion: a U-Net.</summary>
    UNet,

    /// <summary>The denoising network of newer models: a transformer.</summary>
    Transformer,

    /// <summary>The first text encoder: CLIP-L in most image models.</summary>
    TextEncoder1,

    /// <summary>The second text encoder: OpenCLIP-G in SDXL, T5 in Flux.1.</summary>
    TextEncoder2,

    /// <summary>The third text encoder: T5 in SD 3.</summary>
    TextEncoder3,

    /// <summary>The fourth text encoder: Llama in HiDream.</summary>
    TextEncoder4,

    /// <summary>A language model by itself.</summary>
    LanguageModel,

    /// <summary>A layer whose name tells nothing.</summary>
    Other,
}

/// <summary>What is asked of a component.</summary>
internal static class Components
{
    /// <summary>Whether it is one of the text encoders of an image model.</summary>
    /// <param name="component">The component.</param>
    public static bool IsTextEncoder(Component component) => component is >= Component.TextEncoder1 and <= Component.TextEncoder4;

    /// <summary>The text encoder of a number.</summary>
    /// <param name="number">1 to 4.</param>
    public static Component TextEncoder(int number) => Component.TextEncoder1 + (number - 1);
}
