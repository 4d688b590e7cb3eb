using System.Text.RegularExpressions;
using ResizeLora.Architectures;

namespace ResizeLora.Adapters;

/// <summary>
/// Tells the model that a LoRA was trained for: by what the trainer noted, else by the names and shapes of its layers.
/// </summary>
internal static partial class BaseModelFamily
{
    private const string Sdxl = "SDXL";
    private const string SdxlRefiner = "SDXL refiner";
    private const string Sd1 = "SD 1.x";
    private const string Sd2 = "SD 2.x";
    private const string Sd1Or2 = "SD 1.x or 2.x";
    private const string Sd3 = "SD 3";
    private const string Flux = "Flux";

    // What trainers' versions and modelspec's architectures begin with, without separators; the more particular comes first.
    private static readonly (string Start, string Family)[] NotedFamilies =
    [
        ("sdxlrefiner", SdxlRefiner),
        ("sdxl", Sdxl),
        ("stablediffusionxlv1refiner", SdxlRefiner),
        ("stablediffusionxl", Sdxl),
        ("sdv1", Sd1),
        ("stablediffusionv1", Sd1),
        ("sdv2", Sd2),
        ("stablediffusionv2", Sd2),
        ("sd3", Sd3),
        ("stablediffusion3", Sd3),
        ("stablediffusionv3", Sd3),
        ("flux", Flux),
        ("stablecascade", "Stable Cascade"),
        ("wan2", "Wan"),
        ("hunyuanvideo", "HunyuanVideo"),
        ("qwenimage", "Qwen-Image"),
        ("chroma", "Chroma"),
        ("pony", Sdxl),
        ("illustrious", Sdxl),
        ("noobai", Sdxl),
    ];

    /// <summary>Tells the model that a LoRA was trained for.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="layers">The file's layers.</param>
    /// <param name="architecture">The architecture that the layers' names tell, or null.</param>
    /// <returns>Its name, such as <c>SDXL</c>; another family's name as the file gives it; null when nothing tells.</returns>
    public static string? Of(
        IReadOnlyDictionary<string, string> metadata,
        IReadOnlyList<InventoriedLayer> layers,
        Architecture? architecture
    )
    {
        string? version = metadata.GetValueOrDefault("ss_base_model_version");
        string? noted = metadata.GetValueOrDefault("modelspec.architecture")?.Split('/')[0];
        return FromNote(version)
            ?? FromNote(noted)
            ?? architecture?.Name
            ?? FromTextEncoders(layers)
            ?? FromFileName(metadata.GetValueOrDefault("ss_sd_model_name"))
            ?? TrainerText.Clean(version, longest: 40)
            ?? TrainerText.Clean(noted, longest: 40)
            ?? FromSpelling(layers);
    }

    /// <summary>Tells the model by the layers; by what the trainer noted only where that does not contradict them.</summary>
    /// <param name="adapter">The LoRA.</param>
    public static string? OfLayers(Adapter adapter)
    {
        string? noted = Of(adapter.Metadata, LayerInventory.Of(adapter.File.Header.Tensors).Layers, adapter.Architecture);
        return
            adapter.Architecture is { } found
            && ArchitectureCatalog.Find(noted) is { } known
            && !known.SharesLayersWith(found)
            && !found.SharesLayersWith(known)
            ? found.Name
            : noted;
    }

    private static string? FromNote(string? note)
    {
        const int LongestNote = 100;
        if (note is null or { Length: > LongestNote })
        {
            return null;
        }

        string letters = string.Concat(note.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        return NotedFamilies.FirstOrDefault(family => letters.StartsWith(family.Start, StringComparison.Ordinal)).Family;
    }

    private static string? FromTextEncoders(IReadOnlyList<InventoriedLayer> layers) =>
        layers.Any(static layer => SecondTextEncoderPattern().IsMatch(layer.Name.Replace('.', '_'))) ? Sdxl : null;

    // Of Stability's names behind kohya's prefix kohya's trainer writes those of SDXL only; SD 1 and 2 get diffusers' names.
    private static string? FromSpelling(IReadOnlyList<InventoriedLayer> layers) =>
        layers.Any(static layer => StabilityBehindKohyaPattern().IsMatch(layer.Name)) ? Sdxl : null;

    // Not sure at all: the name that somebody gave to a checkpoint.
    private static string? FromFileName(string? name)
    {
        const int LongestName = 300;
        return name is null or { Length: > LongestName } ? null
            : name.Contains("xl", StringComparison.OrdinalIgnoreCase) ? Sdxl
            : FromNote(Path.GetFileNameWithoutExtension(name)) ?? (name.Contains("v1-5", StringComparison.OrdinalIgnoreCase) ? Sd1 : null);
    }

    [GeneratedRegex("te2_text_model_|text_encoder_2_text_model_|^clip_g_", RegexOptions.CultureInvariant)]
    private static partial Regex SecondTextEncoderPattern();

    [GeneratedRegex("^lora_unet_(input_blocks|middle_block|output_blocks)_", RegexOptions.CultureInvariant)]
    private static partial Regex StabilityBehindKohyaPattern();
}
