namespace ResizeLora.Adapters;

/// <summary>Tells the base model that an adapter was trained for: by what its trainer noted, else by the widths of its layers.</summary>
internal static class BaseModelFamily
{
    // The columns of the keys of cross attention are the text encoders' width.
    private const string CrossAttentionKey = "attn2_to_k";

    // What trainers' versions and modelspec's architectures begin with, without separators; the more particular comes first.
    private static readonly (string Start, string Family)[] NotedFamilies =
    [
        ("sdxlbase", "SDXL"), ("sdxlrefiner", "SDXL refiner"), ("sdxl", "SDXL"), ("stablediffusionxlv1refiner", "SDXL refiner"), ("stablediffusionxl", "SDXL"),
        ("sdv1", "SD 1.x"), ("stablediffusionv1", "SD 1.x"), ("sdv2", "SD 2.x"), ("stablediffusionv2", "SD 2.x"),
        ("sd3", "SD 3"), ("stablediffusion3", "SD 3"), ("stablediffusionv3", "SD 3"), ("flux", "Flux"), ("stablecascade", "Stable Cascade"),
        ("pony", "SDXL"), ("illustrious", "SDXL"), ("noobai", "SDXL"),
    ];

    /// <summary>Tells the family.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="layers">The file's layers.</param>
    /// <returns>Its name, such as <c>SDXL</c>; another family's name as the file gives it; null when nothing tells.</returns>
    public static string? Of(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<InventoriedLayer> layers)
    {
        string? version = metadata.GetValueOrDefault("ss_base_model_version");
        string? architecture = metadata.GetValueOrDefault("modelspec.architecture")?.Split('/')[0];
        return FromNote(version)
            ?? FromNote(architecture)
            ?? FromShapes(layers)
            ?? FromFileName(metadata.GetValueOrDefault("ss_sd_model_name"))
            ?? TrainerText.Clean(version, longest: 40)
            ?? TrainerText.Clean(architecture, longest: 40);
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

    private static string? FromShapes(IReadOnlyList<InventoriedLayer> layers)
    {
        if (layers.Any(static layer => layer.Name.Contains("double_blocks", StringComparison.Ordinal) || layer.Name.Contains("single_transformer_blocks", StringComparison.Ordinal)))
        {
            return "Flux";
        }

        if (layers.Any(static layer => layer.Name.Contains("joint_blocks", StringComparison.Ordinal)))
        {
            return "SD 3";
        }

        InventoriedLayer? key = layers.FirstOrDefault(static layer => layer.Component == Component.UNet && layer.InFeatures is not null
            && layer.Name.Replace('.', '_').EndsWith(CrossAttentionKey, StringComparison.Ordinal));
        return key?.InFeatures switch
        {
            768 => "SD 1.x",
            1024 => "SD 2.x",
            1280 => "SDXL refiner",
            2048 => "SDXL",
            _ => layers.Any(static layer => layer.Component == Component.TextEncoder2) ? "SDXL" : null,
        };
    }

    // The least sure of all: the name that somebody gave to a checkpoint.
    private static string? FromFileName(string? name)
    {
        const int LongestName = 300;
        return name is null or { Length: > LongestName } ? null
            : name.Contains("xl", StringComparison.OrdinalIgnoreCase) ? "SDXL"
            : FromNote(Path.GetFileNameWithoutExtension(name)) ?? (name.Contains("v1-5", StringComparison.OrdinalIgnoreCase) ? "SD 1.x" : null);
    }
}
