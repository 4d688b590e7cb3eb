using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>
/// Tells the versions of Stable Diffusion apart, whose U-Nets share their names: by where there is attention, and by the width of the
/// text encoder through that of the layer. Proportions are the same in narrow test files; widths alone are the last thing asked.
/// </summary>
internal static partial class StableDiffusionVersion
{
    private static readonly string[] Blocks =
    [
        "input_blocks",
        "middle_block",
        "output_blocks",
        "down_blocks",
        "mid_block",
        "up_blocks",
        "time_embed",
    ];

    /// <summary>Whether the names are those of a U-Net of Stable Diffusion, of whatever version.</summary>
    /// <param name="names">The names.</param>
    public static bool IsUNet(NameSet names) => names.HasAny(Blocks);

    /// <summary>The version that names and shapes tell.</summary>
    /// <param name="names">The names.</param>
    /// <returns>The version, or null when it is no U-Net of Stable Diffusion, or nothing tells.</returns>
    public static StableDiffusion? Of(NameSet names)
    {
        if (!IsUNet(names))
        {
            return null;
        }

        // Every layer of the kind tells the same in a sound file.
        StableDiffusion? context = names.Weights.Select(FromContext).FirstOrDefault(static version => version is not null);
        if (names.Weights.Any(static weight => SdxlAttentionPattern().IsMatch(weight.Name)))
        {
            return context is SdxlRefiner ? context : ArchitectureCatalog.Sdxl;
        }

        return context
            ?? FromWidth(names)
            ?? (
                names.Weights.Any(static weight => OutermostAttentionPattern().IsMatch(weight.Name))
                    ? ArchitectureCatalog.StableDiffusion1Or2
                    : null
            );
    }

    private static StableDiffusion? FromWidth(NameSet names) =>
        names.Weights.FirstOrDefault(static weight => weight.In is not null && IsKey(weight.Name)).In switch
        {
            768 => ArchitectureCatalog.StableDiffusion1,
            1024 => ArchitectureCatalog.StableDiffusion2,
            1280 => ArchitectureCatalog.SdxlRefiner,
            2048 => ArchitectureCatalog.Sdxl,
            _ => null,
        };

    private static bool IsKey(string name) =>
        name.EndsWith("_attn2_to_k_", StringComparison.Ordinal) || name.EndsWith("_attn2_to_v_", StringComparison.Ordinal);

    // The columns through the rows of a cross attention's key. SDXL's 2048 stands over layers of 640 and, further in, 1280; that of
    // SD 2, 1024, over layers of 320, 640 and 1280.
    private static StableDiffusion? FromContext(NamedWeight weight)
    {
        if (weight is not { Out: > 0, In: > 0 } || !IsKey(weight.Name))
        {
            return null;
        }

        double ratio = (double)weight.In.Value / weight.Out.Value;
        bool Is(double columns, double rows) => Math.Abs((ratio * rows / columns) - 1) < 0.02;
        return Is(768, 320) || Is(768, 640) || Is(768, 1280) ? ArchitectureCatalog.StableDiffusion1
            : Is(1024, 1280) ? ArchitectureCatalog.StableDiffusion2
            : Is(1280, 768) || Is(1280, 1536) ? ArchitectureCatalog.SdxlRefiner
            : Is(2048, 640) && OutermostAttentionPattern().IsMatch(weight.Name) ? ArchitectureCatalog.StableDiffusion2
            : Is(2048, 640) ? ArchitectureCatalog.Sdxl
            : Is(2048, 1280) && InnermostAttentionPattern().IsMatch(weight.Name) ? ArchitectureCatalog.Sdxl
            : Is(2048, 1280) ? ArchitectureCatalog.StableDiffusion2
            : null;
    }

    // Only SDXL has more than one transformer in an attention, two to ten, or attention in the first blocks of the way up:
    // down_blocks.1.attentions.0.transformer_blocks.1, up_blocks.0.attentions.0, output_blocks.0.1.proj_in.
    [GeneratedRegex(
        "(_1|attentions_[0-9]+)_transformer_blocks_[1-9]_|up_blocks_0_attentions_"
            + "|output_blocks_[0-2]_1_(transformer_blocks|proj_in|proj_out|norm)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex SdxlAttentionPattern();

    // Only SD 1 and 2 have attention at full width.
    [GeneratedRegex(
        "down_blocks_0_attentions_|up_blocks_3_attentions_|input_blocks_[12]_1_|output_blocks_(9|10|11)_1_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OutermostAttentionPattern();

    [GeneratedRegex(
        "down_blocks_2_|mid_block_|up_blocks_0_|input_blocks_[78]_|middle_block_|output_blocks_[0-2]_",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex InnermostAttentionPattern();
}
