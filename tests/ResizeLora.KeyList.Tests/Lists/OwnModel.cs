using ResizeLora.Files;

namespace ResizeLora.KeyLists;

/// <summary>A module with a weight.</summary>
/// <param name="Role">The part of the model.</param>
/// <param name="Name">The module's name, without prefixes.</param>
/// <param name="Shape">The weight's shape.</param>
internal sealed record OwnModule(string Role, string Name, long[] Shape)
{
    /// <summary>What its numbers, and those of an adapter of it, follow from: a module under two names has the same.</summary>
    public string Seed { get; init; } = $"{Role}: {Name}";
}

/// <summary>A small model of a family, made from the constants of its architecture.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Family">The family.</param>
/// <param name="Prefix">What stands before the denoiser's names in one file.</param>
/// <param name="Modules">The modules in the names of the family's own file.</param>
/// <param name="HasOther">Whether diffusers has other names.</param>
internal sealed record OwnModel(string Name, Family Family, string Prefix, IReadOnlyList<OwnModule> Modules, bool HasOther)
{
    // The names of the text encoders in one file of SD 1.x, 2.x and SDXL; in other families each has a file of its own.
    private Dictionary<string, string> EncoderPrefixes =>
        Name switch
        {
            "SD 1.5" => new Dictionary<string, string> { [BaseRoles.ClipL] = "cond_stage_model.transformer." },
            "SD 2.1" => new Dictionary<string, string> { [BaseRoles.ClipL] = "cond_stage_model.model." },
            "SDXL" => new Dictionary<string, string>
            {
                [BaseRoles.ClipL] = "conditioner.embedders.0.transformer.",
                [BaseRoles.ClipG] = "conditioner.embedders.1.model.",
            },
            _ => new Dictionary<string, string>(),
        };

    /// <summary>The modules in diffusers' names.</summary>
    public IReadOnlyList<OwnModule> OtherModules => [.. Modules.SelectMany(Other)];

    /// <summary>The model in its own files.</summary>
    /// <param name="folder">Where to.</param>
    public BaseModel WriteFiles(string folder)
    {
        var tensors = new Dictionary<string, List<ListedTensor>>(StringComparer.Ordinal);
        foreach (OwnModule module in Modules)
        {
            bool isInside = module.Role == BaseRoles.Denoiser || EncoderPrefixes.ContainsKey(module.Role);
            string role = isInside ? BaseRoles.Denoiser : module.Role;
            string prefix = module.Role == BaseRoles.Denoiser ? Prefix : EncoderPrefixes.GetValueOrDefault(module.Role, string.Empty);
            if (!tensors.TryGetValue(role, out List<ListedTensor>? list))
            {
                tensors.Add(role, list = []);
            }

            list.Add(TensorOf(module, prefix));
        }

        return new BaseModel(
            folder,
            Family,
            tensors.Select(pair => (new KeyList($"{Name} {pair.Key}", pair.Value), pair.Key, $"{pair.Key}.safetensors")),
            [.. tensors.Keys.Select(static role => $"{role}.safetensors")]
        );
    }

    /// <summary>The model in a folder of diffusers.</summary>
    /// <param name="folder">Where to.</param>
    public BaseModel WriteFolder(string folder) =>
        new(
            folder,
            Family,
            OtherModules
                .GroupBy(static module => module.Role)
                .Select(group =>
                    (
                        new KeyList($"{Name} {group.Key}", group.Select(static module => TensorOf(module, string.Empty))),
                        group.Key,
                        PathOf(group.Key)
                    )
                ),
            "."
        );

    /// <summary>A weight as a tensor; OpenCLIP's bare ones have no <c>.weight</c>.</summary>
    public static ListedTensor TensorOf(OwnModule module, string prefix)
    {
        bool isBare =
            module.Name.EndsWith("in_proj_weight", StringComparison.Ordinal)
            || module is { Role: BaseRoles.ClipG, Name: "text_projection" };
        return new ListedTensor($"{prefix}{module.Name}{(isBare ? string.Empty : ".weight")}", TensorType.Float16, module.Shape)
        {
            Seed = module.Seed,
        };
    }

    /// <summary>Whether the model has U-Net's names.</summary>
    public bool IsUNet => Modules.Any(static module => module.Name.StartsWith("input_blocks", StringComparison.Ordinal));

    private string PathOf(string role)
    {
        if (role == BaseRoles.Denoiser)
        {
            return $"{(IsUNet ? "unet" : "transformer")}/diffusion_pytorch_model.safetensors";
        }

        int number = Array.IndexOf(Family.Encoders, role);
        return number == 0 ? "text_encoder/model.safetensors" : $"text_encoder_{number + 1}/model.safetensors";
    }

    private IEnumerable<OwnModule> Other(OwnModule module)
    {
        Mapping mapping = module.Role == BaseRoles.Denoiser ? Family.Mapping : Mappings.TextEncoder;
        foreach ((string name, RowShare rows) in mapping.OtherSpelling(module.Name))
        {
            long count = (long)Math.Round(module.Shape[0] * (rows.To - rows.From));
            yield return module with
            {
                Name = name,
                Shape = [count, .. module.Shape.Skip(1)],
                Seed = count == module.Shape[0] ? module.Seed : $"{module.Role}: {name}",
            };
        }
    }
}
