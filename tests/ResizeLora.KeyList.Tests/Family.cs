namespace ResizeLora.KeyLists;

/// <summary>A model family in the tests.</summary>
/// <param name="Name">The name that errors must say.</param>
/// <param name="Mapping">Its names.</param>
/// <param name="Encoders">The roles of its text encoders.</param>
internal sealed record Family(string Name, Mapping Mapping, params string[] Encoders)
{
    public static Family StableDiffusion1 { get; } = new("SD 1.x", Mappings.StableDiffusion, BaseRoles.ClipL);

    public static Family StableDiffusion2 { get; } = new("SD 2.x", Mappings.StableDiffusion, BaseRoles.ClipL);

    public static Family Sdxl { get; } = new("SDXL", Mappings.Sdxl, BaseRoles.ClipL, BaseRoles.ClipG);

    public static Family Flux { get; } = new("Flux", Mappings.Flux, BaseRoles.ClipL, BaseRoles.T5);

    public static Family Chroma { get; } = new("Chroma", Mappings.Flux, BaseRoles.T5);

    public static Family Flux2 { get; } = new("Flux.2", Mappings.Flux2, BaseRoles.T5);

    public static Family StableDiffusion3 { get; } = new("SD 3", Mappings.StableDiffusion3, BaseRoles.ClipL, BaseRoles.ClipG, BaseRoles.T5);

    public static Family QwenImage { get; } = new("Qwen-Image", Mappings.Mirrored, BaseRoles.T5);

    public static Family ZImage { get; } = new("Z-Image", Mappings.ZImage, BaseRoles.T5);

    public static Family Lumina2 { get; } = new("Lumina 2", Mappings.Lumina2, BaseRoles.T5);

    public static Family Wan { get; } = new("Wan", Mappings.Wan, BaseRoles.T5);

    public static Family HunyuanVideo { get; } = new("HunyuanVideo", Mappings.HunyuanVideo, BaseRoles.T5, BaseRoles.ClipL);

    public static Family Ltx { get; } = new("LTX-Video", Mappings.Ltx, BaseRoles.T5);

    public static Family Anima { get; } = new("Cosmos or Anima", Mappings.Mirrored, BaseRoles.T5);

    public static Family LanguageModel { get; } = new("a language model", Mappings.Mirrored, BaseRoles.T5);
}
