namespace ResizeLora.Adapters;

/// <summary>The part of the image model that a layer changes.</summary>
public enum Component
{
    /// <summary>The denoising network.</summary>
    UNet,

    /// <summary>The first text encoder, CLIP-L.</summary>
    TextEncoder1,

    /// <summary>The second text encoder, OpenCLIP-G.</summary>
    TextEncoder2,

    /// <summary>A layer whose name tells nothing.</summary>
    Other,
}
