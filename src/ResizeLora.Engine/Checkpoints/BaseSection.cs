using ResizeLora.Architectures;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>The tensors of one component of a base model, as they lie in one file or one folder.</summary>
internal sealed class BaseSection
{
    private const string WeightSuffix = ".weight";

    // Where the parts of a model lie in one file. The denoising network of a language model's file is the model itself.
    private static readonly (string Prefix, Component Component)[] EncoderPrefixes =
    [
        ("conditioner.embedders.0.transformer.", Component.TextEncoder1),
        ("conditioner.embedders.0.model.", Component.TextEncoder1),
        ("conditioner.embedders.1.model.", Component.TextEncoder2),
        ("conditioner.embedders.1.transformer.", Component.TextEncoder2),
        ("cond_stage_model.transformer.", Component.TextEncoder1),
        ("cond_stage_model.model.", Component.TextEncoder1),
        ("text_encoder.", Component.TextEncoder1),
        ("text_encoder_2.", Component.TextEncoder2),
        ("text_encoder_3.", Component.TextEncoder3),
    ];

    // text_encoders.t5xxl.transformer.encoder.block.0.…: which number it has is the family's matter.
    private const string NamedEncoders = "text_encoders.";

    private static readonly string[] DenoiserPrefixes =
    [
        "model.diffusion_model.",
        "diffusion_model.",
        "net.",
        "transformer.",
        "unet.",
        "model.model.",
        "model.",
    ];

    // No LoRA changes these.
    private static readonly string[] OtherParts = ["first_stage_model.", "vae.", "model_ema.", "control_model.", "model.model_ema."];

    private BaseSection(string origin, Component component, string encoderName)
    {
        Origin = origin;
        Component = component;
        EncoderName = encoderName;
    }

    /// <summary>The file or folder that the user gave.</summary>
    public string Origin { get; }

    /// <summary>What the section is, as far as its place tells; <see cref="Component.Other"/> where it tells nothing.</summary>
    public Component Component { get; }

    /// <summary>The name of a text encoder whose number is not known, such as <c>t5xxl</c>; empty otherwise.</summary>
    public string EncoderName { get; }

    /// <summary>The tensors, each with its module's name without prefix.</summary>
    public List<BaseTensor> Tensors { get; } = [];

    /// <summary>Whether it is a text encoder by its place.</summary>
    public bool IsEncoder => EncoderName.Length > 0 || Components.IsTextEncoder(Component);

    /// <summary>The names by which an architecture is recognised.</summary>
    public NameSet Names =>
        new(
            Tensors.Select(static tensor => new NamedWeight(
                tensor.Module,
                tensor.Entry.Shape.Count == 2 ? tensor.Entry.Shape[0] : null,
                tensor.Entry.Shape.Count == 2 ? tensor.Entry.Shape[1] : null
            ))
        );

    /// <summary>Sorts the tensors of a file into sections.</summary>
    /// <param name="file">The file.</param>
    /// <param name="origin">The path that the user gave.</param>
    /// <param name="component">What the file is by its folder's name; <see cref="Component.Other"/> where that tells nothing.</param>
    public static IReadOnlyList<BaseSection> Of(BaseFile file, string origin, Component component)
    {
        var sections = new Dictionary<(Component, string), BaseSection>();
        var rest = new List<TensorEntry>();
        foreach (TensorEntry tensor in file.Source.Header.Tensors.Where(IsWeight))
        {
            if (component != Component.Other)
            {
                SectionOf(component, string.Empty).Add(file, tensor, tensor.Name);
            }
            else if (OtherParts.Any(prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                continue;
            }
            else if (EncoderOf(tensor.Name) is { } encoder)
            {
                SectionOf(encoder.Component, encoder.Name).Add(file, tensor, encoder.Module);
            }
            else
            {
                rest.Add(tensor);
            }
        }

        string prefix = DenoiserPrefix(rest);
        bool isDenoiser = prefix is not ("" or "model.");
        foreach (TensorEntry tensor in rest.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            SectionOf(isDenoiser ? Component.UNet : Component.Other, string.Empty).Add(file, tensor, tensor.Name[prefix.Length..]);
        }

        return [.. sections.Values];

        BaseSection SectionOf(Component of, string encoder)
        {
            if (!sections.TryGetValue((of, encoder), out BaseSection? section))
            {
                sections.Add((of, encoder), section = new BaseSection(origin, of, encoder));
            }

            return section;
        }
    }

    private static bool IsWeight(TensorEntry tensor) =>
        tensor.Shape.Count >= 2
        && tensor.ElementCount > 0
        && tensor.ElementCount <= Array.MaxLength / sizeof(float)
        && (TensorTypes.IsWeight(tensor.Type) || tensor.Type == TensorType.Int8)
        && !WeightScale.IsScale(tensor.Name);

    private static (Component Component, string Name, string Module)? EncoderOf(string name)
    {
        foreach ((string prefix, Component component) in EncoderPrefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return (component, string.Empty, name[prefix.Length..]);
            }
        }

        if (!name.StartsWith(NamedEncoders, StringComparison.Ordinal))
        {
            return null;
        }

        const string Transformer = "transformer.";
        int dot = name.IndexOf('.', NamedEncoders.Length);
        if (dot < 0)
        {
            return null;
        }

        string module = name[(dot + 1)..];
        module = module.StartsWith(Transformer, StringComparison.Ordinal) ? module[Transformer.Length..] : module;
        return (Component.Other, name[NamedEncoders.Length..dot], module);
    }

    // The beginning that most of the names share: other tensors of such a file are of no use here.
    private static string DenoiserPrefix(List<TensorEntry> tensors) =>
        Array.Find(
            DenoiserPrefixes,
            prefix => tensors.Count(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)) * 2 > tensors.Count
        ) ?? string.Empty;

    private void Add(BaseFile file, TensorEntry tensor, string name)
    {
        bool isBare = !name.EndsWith(WeightSuffix, StringComparison.Ordinal);
        string module = isBare ? name : name[..^WeightSuffix.Length];
        string stored = tensor.Name.EndsWith(WeightSuffix, StringComparison.Ordinal) ? tensor.Name[..^WeightSuffix.Length] : tensor.Name;
        var scale = WeightScale.Find(file.Source, stored);
        if (scale is not null || tensor.Type != TensorType.Int8)
        {
            Tensors.Add(new BaseTensor(file, tensor, module, stored, isBare, scale));
        }
    }
}

/// <summary>A tensor of a base model.</summary>
/// <param name="File">Its file.</param>
/// <param name="Entry">The tensor.</param>
/// <param name="Module">The module's name without prefix and <c>.weight</c>.</param>
/// <param name="FullModule">The same with the prefix.</param>
/// <param name="IsBare">Whether the tensor's name does not end in <c>.weight</c>.</param>
/// <param name="Scale">What its values are to be multiplied with, or null.</param>
internal sealed record BaseTensor(BaseFile File, TensorEntry Entry, string Module, string FullModule, bool IsBare, WeightScale? Scale);
