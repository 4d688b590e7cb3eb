using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>Names layers in the words of a program: what its readers look for. The opposite of <see cref="LayerSpelling.Read"/>.</summary>
/// <param name="architecture">The architecture of the adapter; null where its names do not tell.</param>
/// <param name="naming">In whose words.</param>
/// <param name="baseNames">Dotted names of the base model's modules, by their underscored names.</param>
internal sealed class LayerNamer(Architecture? architecture, LoraNaming naming, IReadOnlyDictionary<string, string> baseNames)
{
    private const string Transformer = "transformer.";
    private const string LanguageModelLayers = "model.";

    // A few layers of a U-Net tell no version; nearly all of its names mean the same in every version.
    private Architecture Known => architecture ?? ArchitectureCatalog.Sdxl;

    /// <summary>Whether one file holds the denoising network alone, because PEFT wraps one model.</summary>
    public bool HoldsOneModel => naming == LoraNaming.Peft;

    /// <summary>The names under which a layer is written.</summary>
    /// <param name="key">What the layer is.</param>
    /// <param name="spelling">How the input spells it.</param>
    /// <returns>One name, or those of the parts of a fused weight that the program names by themselves, each with its rows.</returns>
    public LayerNames NamesOf(LayerKey key, LayerSpelling spelling) =>
        Components.IsTextEncoder(key.Component) ? NamesOfEncoder(key, spelling)
        : key.Component == Component.LanguageModel ? NamesOfLanguageModel(key, spelling)
        : NamesOfDenoiser(key, spelling);

    private static bool IsDotted(LayerSpelling spelling) =>
        spelling.Dialect switch
        {
            AdapterDialect.Kohya or AdapterDialect.OneTrainer or AdapterDialect.Lycoris => false,
            AdapterDialect.Unknown => spelling.Module.Contains('.', StringComparison.Ordinal),
            _ => true,
        };

    private LayerNames NamesOfDenoiser(LayerKey key, LayerSpelling spelling)
    {
        string prefix = naming switch
        {
            LoraNaming.Kohya => $"{Known.KohyaPrefix}unet_",
            LoraNaming.ComfyUI => "diffusion_model.",
            LoraNaming.Peft => PeftDialect.Wrapper,
            _ => DiffusersPrefix(key),
        };
        ModuleNames words =
            naming == LoraNaming.ComfyUI ? Known.ComfyNames
            : naming == LoraNaming.Kohya && !Known.KohyaUsesDiffusersNames ? Known.NativeNames
            : Known.DiffusersNames;
        return Complete(words, prefix, key, spelling);
    }

    // CLIP and T5 have the names of Hugging Face's transformers in every program.
    private LayerNames NamesOfEncoder(LayerKey key, LayerSpelling spelling)
    {
        TextEncoderKind? kind = KindOf(key);
        bool isLanguageModel = kind == TextEncoderKind.LanguageModel;
        if (isLanguageModel && naming == LoraNaming.Diffusers)
        {
            return LayerNames.None("diffusers loads no LoRA for a language model that reads the prompt");
        }

        string? prefix = naming switch
        {
            LoraNaming.Kohya => $"{Known.KohyaPrefix}te{KohyaNumber(key.Component, kind)}_",
            LoraNaming.ComfyUI => ComfyEncoder(kind) is { } encoder ? $"text_encoders.{encoder}.{Transformer}" : null,
            LoraNaming.Peft => PeftDialect.Wrapper,
            _ => key.Component == Component.TextEncoder1
                ? "text_encoder."
                : FormattableString.Invariant($"text_encoder_{1 + (key.Component - Component.TextEncoder1)}."),
        };
        if (prefix is null)
        {
            return LayerNames.None("it is not known what ComfyUI calls this text encoder");
        }

        string inner = isLanguageModel && naming != LoraNaming.Kohya ? LanguageModelLayers : string.Empty;
        return Complete(ArchitectureCatalog.TextEncoderModules, prefix + inner, key, spelling);
    }

    private LayerNames NamesOfLanguageModel(LayerKey key, LayerSpelling spelling)
    {
        if (naming != LoraNaming.Peft)
        {
            return LayerNames.None("a language model's LoRA has names in PEFT alone");
        }

        LayerNames names = Complete(ArchitectureCatalog.TextEncoderModules, PeftDialect.Wrapper, key, spelling);
        return names with { Names = [.. names.Names.Select(name => name with { Name = WithBeginning(name.Name, spelling) })] };
    }

    // Models differ in what stands in front of layers.0: model, model.language_model, transformer in front of GPT-2's h.0.
    private static string WithBeginning(string name, LayerSpelling spelling)
    {
        string module = name[PeftDialect.Wrapper.Length..];
        int start = IsDotted(spelling) ? spelling.Module.IndexOf(module, StringComparison.Ordinal) : -1;
        string beginning =
            start >= 0 ? spelling.Module[..start]
            : module.StartsWith("h.", StringComparison.Ordinal) ? Transformer
            : module == "lm_head" ? string.Empty
            : LanguageModelLayers;
        return $"{PeftDialect.Wrapper}{beginning}{module}";
    }

    private LayerNames Complete(ModuleNames words, string prefix, LayerKey key, LayerSpelling spelling)
    {
        string? Dotted(string path) => DottedBy(spelling, path) ?? words.Dotted(path) ?? baseNames.GetValueOrDefault(path);

        // kohya's names need no dots.
        string? Written(string path) => naming == LoraNaming.Kohya ? path : Dotted(path);

        // A fused projection of a text encoder, as in Phi 3, has its own name everywhere.
        bool isWhole = key.Rows.IsWhole && ReferenceEquals(words, ArchitectureCatalog.TextEncoderModules);
        IReadOnlyList<(RowSelection Rows, string? Name)> found = isWhole ? [(default, Written(key.Path))] : words.Of(key.Path, Written);
        if (found.Count == 0)
        {
            return LayerNames.None($"{naming} has no such module");
        }

        var names = new List<LayerName>(found.Count);
        foreach ((RowSelection rows, string? name) in found)
        {
            if (name is null)
            {
                return LayerNames.None("where its name has dots is not known") with { NeedsBase = true };
            }

            names.Add(new LayerName(rows, prefix + (naming == LoraNaming.Kohya ? NameTable.Underscored(name) : name)));
        }

        return new LayerNames(names, null);
    }

    // A dotted input says where the dots are, of the whole name or of its end.
    private static string? DottedBy(LayerSpelling spelling, string path)
    {
        if (!IsDotted(spelling))
        {
            return null;
        }

        string module = spelling.Module;
        for (int start = 0; start >= 0 && start < module.Length; start = NextPart(module, start))
        {
            if (NameTable.Underscored(module[start..]) == path)
            {
                return module[start..];
            }
        }

        return null;
    }

    private static int NextPart(string module, int start)
    {
        int dot = module.IndexOf('.', start);
        return dot < 0 ? -1 : dot + 1;
    }

    // Without a known architecture, U-Nets are told by their blocks.
    private string DiffusersPrefix(LayerKey key) =>
        architecture is not null ? (architecture.Denoiser == Component.UNet ? "unet." : Transformer)
        : StableDiffusionVersion.IsUNet(new NameSet([new NamedWeight(key.Path, null, null)])) ? "unet."
        : Transformer;

    private TextEncoderKind? KindOf(LayerKey key)
    {
        int index = key.Component - Component.TextEncoder1;
        return TextEncoderNames.KindOf(key.Path) ?? (index < Known.TextEncoders.Count ? Known.TextEncoders[index] : null);
    }

    // The only text encoder has no number; the T5 of Flux has the number 3 in sd-scripts.
    private string KohyaNumber(Component component, TextEncoderKind? kind)
    {
        bool isFlux = Known is Flux and not Chroma && kind == TextEncoderKind.T5;
        int number = isFlux ? 3 : 1 + (component - Component.TextEncoder1);
        return Known.TextEncoders.Count == 1 && kind != TextEncoderKind.T5 ? string.Empty : FormattableString.Invariant($"{number}");
    }

    private string? ComfyEncoder(TextEncoderKind? kind) =>
        kind switch
        {
            TextEncoderKind.ClipL => "clip_l",
            TextEncoderKind.ClipH => "clip_h",
            TextEncoderKind.ClipG => "clip_g",
            TextEncoderKind.T5 => Known.ComfyT5,
            TextEncoderKind.LanguageModel => Known.ComfyLanguageModel,
            _ => null,
        };
}

/// <summary>The names under which a layer is written.</summary>
/// <param name="Names">The names; none where the program has none.</param>
/// <param name="Reason">Why there are none, a clause.</param>
internal sealed record LayerNames(IReadOnlyList<LayerName> Names, string? Reason)
{
    /// <summary>Whether the base model's list of names would help.</summary>
    public bool NeedsBase { get; init; }

    /// <summary>No names.</summary>
    /// <param name="reason">Why, a clause.</param>
    public static LayerNames None(string reason) => new([], reason);
}

/// <summary>A layer's name in a file, without a part's suffix.</summary>
/// <param name="Rows">The rows of the module that it means.</param>
/// <param name="Name">The name.</param>
internal readonly record struct LayerName(RowSelection Rows, string Name);
