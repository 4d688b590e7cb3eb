using ResizeLora.Files;

namespace ResizeLora.KeyLists;

/// <summary>A spelling of adapters.</summary>
/// <param name="Name">What it is called here.</param>
/// <param name="Denoiser">What stands before the denoiser's modules.</param>
/// <param name="Encoders">What stands before those of the text encoders; none where the spelling has no text encoders.</param>
/// <param name="IsFlat">Whether dots become underscores.</param>
/// <param name="Down">The ending of A.</param>
/// <param name="Up">The ending of B.</param>
/// <param name="HasAlpha">Whether alpha is written.</param>
/// <param name="IsOther">Whether modules have diffusers' names.</param>
internal sealed record AdapterSpelling(
    string Name,
    string Denoiser,
    string[] Encoders,
    bool IsFlat,
    string Down,
    string Up,
    bool HasAlpha,
    bool IsOther
)
{
    private const string KohyaDown = ".lora_down.weight";
    private const string KohyaUp = ".lora_up.weight";
    private const string PeftDown = ".lora_A.weight";
    private const string PeftUp = ".lora_B.weight";
    private static readonly string[] KohyaEncoders = ["lora_te1_", "lora_te2_", "lora_te3_"];
    private static readonly string[] DiffusersEncoders = ["text_encoder.", "text_encoder_2.", "text_encoder_3."];

    /// <summary>All that every family may use.</summary>
    public static IReadOnlyList<AdapterSpelling> All { get; } =
    [
        new("kohya", "lora_unet_", KohyaEncoders, true, KohyaDown, KohyaUp, true, false),
        new("kohya, diffusers' names", "lora_unet_", KohyaEncoders, true, KohyaDown, KohyaUp, true, true),
        new("kohya, doubled underscore", "lora_unet__", KohyaEncoders, true, KohyaDown, KohyaUp, true, false),
        new("OneTrainer", "lora_transformer_", KohyaEncoders, true, KohyaDown, KohyaUp, true, true),
        new("LyCORIS", "lycoris_", [], true, KohyaDown, KohyaUp, true, true),
        new("diffusers", "transformer.", DiffusersEncoders, false, PeftDown, PeftUp, false, true),
        new("ai-toolkit", "diffusion_model.", [], false, PeftDown, PeftUp, false, false),
        new("ai-toolkit, diffusers' names", "diffusion_model.", [], false, PeftDown, PeftUp, false, true),
        new("PEFT", "base_model.model.", [], false, PeftDown, PeftUp, false, true),
        new("PEFT, native names", "base_model.model.", [], false, PeftDown, PeftUp, false, false),
        new("bare, default", "", [], false, ".lora_A.default.weight", ".lora_B.default.weight", false, true),
        new("bare, native names", "", [], false, PeftDown, PeftUp, false, false),
        new("attn_procs", "", [], false, "_lora.down.weight", "_lora.up.weight", false, true),
        new("XLabs", "", [], false, ".down.weight", ".up.weight", false, false),
        new("OneTrainer, parts", "transformer.", [], false, KohyaDown, KohyaUp, true, false),
    ];

    /// <summary>Finds a spelling.</summary>
    public static AdapterSpelling Get(string name) => All.Single(spelling => spelling.Name == name);

    /// <summary>Whether a family's adapters are written so.</summary>
    public bool Suits(OwnModel model) =>
        Name switch
        {
            "attn_procs" => model.Name is "SD 1.5" or "SD 2.1",
            "XLabs" => model.Name is "Flux.1",
            "OneTrainer, parts" => model.Name is "Flux.1" or "Chroma",
            "OneTrainer" => !model.IsUNet && model.Name is not "Llama",
            "kohya" => model.Name is not ("SD 1.5" or "SD 2.1"),
            "kohya, doubled underscore" or "bare, native names" or "PEFT, native names" => !model.IsUNet,
            _ => model.HasOther || !IsOther || Name is "PEFT" or "bare, default" or "diffusers" or "LyCORIS",
        };

    /// <summary>An adapter over all of a model's modules.</summary>
    /// <param name="model">The model.</param>
    /// <param name="alpha">The alpha of all layers; where the spelling has none, it is folded into B if that is asked.</param>
    /// <param name="isFolded">Whether it is.</param>
    /// <param name="hasEncoders">Whether text encoders are in it where the spelling has them.</param>
    /// <param name="kind">The kind of the layers, of <see cref="KindTensors"/>.</param>
    public KeyList Of(OwnModel model, double alpha = 2, bool isFolded = false, bool hasEncoders = true, string kind = KindTensors.LoRA)
    {
        IEnumerable<OwnModule> modules = Name switch
        {
            "XLabs" => model.Modules.SelectMany(module =>
                Extra(model, module, static name => name.Contains("processor", StringComparison.Ordinal))
            ),
            "OneTrainer, parts" => model.Modules.SelectMany(module =>
                Extra(model, module, static name => !name.Contains("processor", StringComparison.Ordinal))
            ),
            _ => IsOther ? model.OtherModules : model.Modules,
        };

        // Adapters have Hugging Face's names of text encoders in every spelling.
        OwnModule[] encoders = [.. model.OtherModules.Where(static module => module.Role != BaseRoles.Denoiser)];
        return new KeyList(
            $"{model.Name} {Name} {kind}",
            modules
                .Where(static module => module.Role == BaseRoles.Denoiser)
                .Concat(Encoders.Length > 0 && hasEncoders ? encoders : [])
                .SelectMany(module => TensorsOf(model, module, alpha, isFolded, kind))
        );
    }

    private static IEnumerable<OwnModule> Extra(OwnModel model, OwnModule module, Func<string, bool> chosen) =>
        model
            .Family.Mapping.ExtraNames(module.Name, chosen)
            .Select(name =>
                module with
                {
                    Name = name.Name,
                    Shape = [(long)Math.Round(module.Shape[0] * (name.Rows.To - name.Rows.From)), .. module.Shape.Skip(1)],
                }
            );

    private IEnumerable<ListedTensor> TensorsOf(OwnModel model, OwnModule module, double alpha, bool isFolded, string kind)
    {
        if (LayerOf(model, module) is not { } layer)
        {
            yield break;
        }

        int rank = module.Shape.Length == 4 && module.Shape[2] == 3 ? 3 : 4;
        string seed = module.Seed;
        long[] unit = [.. Enumerable.Repeat(1L, module.Shape.Length - 2)];
        if (HasAlpha)
        {
            yield return new ListedTensor($"{layer}.alpha", TensorType.Float32, []) { Given = [alpha] };
        }

        if (kind != KindTensors.LoRA)
        {
            foreach ((string ending, long[] shape) in KindTensors.Of(kind, module.Shape, rank))
            {
                yield return new ListedTensor(layer + ending, TensorType.Float32, shape) { Seed = seed + ending };
            }

            yield break;
        }

        yield return new ListedTensor($"{layer}{Down}", TensorType.Float32, [rank, .. module.Shape.Skip(1)]) { Seed = $"{seed} A" };
        ListedTensor up = new($"{layer}{Up}", TensorType.Float32, [module.Shape[0], rank, .. unit]) { Seed = $"{seed} B" };
        yield return HasAlpha || !isFolded
            ? up
            : up with
            {
                Given = [.. up.Numbers().Select(number => (double)(float)(number * alpha / rank))],
            };
    }

    private string? LayerOf(OwnModel model, OwnModule module)
    {
        string name = module.Name;
        if (Name == "attn_procs")
        {
            int place = name.IndexOf(".to_", StringComparison.Ordinal);
            return place < 0 || !name.Contains("attn", StringComparison.Ordinal)
                ? null
                : $"{name[..place]}.processor{name[place..].Replace(".0", string.Empty, StringComparison.Ordinal)}";
        }

        if (module.Role != BaseRoles.Denoiser)
        {
            int number = Array.IndexOf(model.Family.Encoders, module.Role);

            // kohya's te3 is T5 in Flux.1 too, its second encoder; SD 1.x and 2.x have one encoder and no number.
            number = module.Role == BaseRoles.T5 && Name == "kohya" ? 2 : number;
            string encoder = Encoders[number];
            return Written(encoder == "lora_te1_" && model.Family.Encoders.Length == 1 ? "lora_te_" : encoder, name);
        }

        return Written(Denoiser == "transformer." && model.IsUNet ? "unet." : Denoiser, name);
    }

    private string Written(string prefix, string name) => prefix + (IsFlat ? name.Replace('.', '_') : name);
}
