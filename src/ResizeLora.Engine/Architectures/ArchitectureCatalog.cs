namespace ResizeLora.Architectures;

/// <summary>The architectures that are known.</summary>
internal static class ArchitectureCatalog
{
    /// <summary>SDXL.</summary>
    public static Sdxl Sdxl { get; } = new();

    /// <summary>The refiner of SDXL.</summary>
    public static SdxlRefiner SdxlRefiner { get; } = new();

    /// <summary>SD 1.x.</summary>
    public static StableDiffusion1 StableDiffusion1 { get; } = new();

    /// <summary>SD 2.x.</summary>
    public static StableDiffusion2 StableDiffusion2 { get; } = new();

    /// <summary>SD 1.x or 2.x.</summary>
    public static StableDiffusion1Or2 StableDiffusion1Or2 { get; } = new();

    /// <summary>A language model by itself.</summary>
    public static LanguageModel LanguageModel { get; } = new();

    /// <summary>All of them; the more particular stands before the more general: Flux shares its names with four others.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new Chroma(),
        new AuraFlow(),
        new HiDream(),
        new Flux2(),
        new HunyuanVideo(),
        new Flux(),
        new Sana(),
        new PixArt(),
        new StableDiffusion3(),
        new QwenImage(),
        new HunyuanDit(),
        new Krea2(),
        new Cosmos(),
        new Wan(),
        new LtxVideo(),
        new Ideogram4(),
        new ZImage(),
        new Lumina2(),
        new Lumina(),
        new StableCascade(),
        Sdxl,
        SdxlRefiner,
        StableDiffusion1,
        StableDiffusion2,
        StableDiffusion1Or2,
        LanguageModel,
    ];

    /// <summary>For a model that none of them knows: adapters use its own names.</summary>
    public static Architecture Mirrored { get; } = new MirroredNames();

    /// <summary>The names of the text encoders, which are the same in every family.</summary>
    public static NameTable TextEncoderNames { get; } = new([.. ClipTextEncoder.Aliases, .. T5TextEncoder.Aliases, .. LanguageModel.Known]);

    /// <summary>Writes the names of text encoders, which are those of Hugging Face's transformers in every program.</summary>
    public static ModuleNames TextEncoderModules { get; } =
        new(
            ((Alias[])[.. ClipTextEncoder.Aliases, .. LanguageModel.Known]).Where(static alias => alias.Rows.Count == 1),
            [.. ClipTextEncoder.Aliases, .. T5TextEncoder.Aliases, .. LanguageModel.Known],
            LanguageModel.KnownModules
        );

    /// <summary>The architecture that names tell.</summary>
    /// <param name="names">The names of a denoising network, or of an adapter of one.</param>
    /// <returns>The architecture, or null when nothing tells.</returns>
    public static Architecture? Recognise(NameSet names) => All.FirstOrDefault(architecture => architecture.Recognises(names));

    /// <summary>Finds an architecture by its name.</summary>
    /// <param name="name">The name, such as <c>SDXL</c>.</param>
    public static Architecture? Find(string? name) => All.FirstOrDefault(architecture => architecture.Name == name);

    private sealed class MirroredNames : Architecture
    {
        public override string Name => string.Empty;

        public override bool Recognises(NameSet names) => true;
    }
}
