namespace ResizeLora.Architectures;

/// <summary>
/// The facts of a model family: how to recognise it, and what other names its modules have. A family whose adapters use the base
/// model's own names needs no aliases.
/// </summary>
internal abstract class Architecture
{
    private NameTable? table;
    private ModuleNames? nativeNames;
    private ModuleNames? comfyNames;
    private ModuleNames? diffusersNames;

    /// <summary>The family's name, such as <c>SDXL</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What its denoising network is.</summary>
    public virtual Component Denoiser => Component.Transformer;

    /// <summary>Its text encoders, the first one first, as diffusers numbers them.</summary>
    public virtual IReadOnlyList<TextEncoderKind> TextEncoders => [];

    /// <summary>Whether an adapter of this family fits some other family's models too.</summary>
    /// <param name="other">The other family.</param>
    public virtual bool SharesLayersWith(Architecture other) => ReferenceEquals(this, other);

    /// <summary>Whether the names are those of a model, or of an adapter, of this family.</summary>
    /// <param name="names">The names of the denoising network.</param>
    public abstract bool Recognises(NameSet names);

    /// <summary>Whether a base model of this family stores a weight transposed.</summary>
    /// <param name="path">The module's path, as the table of names gives it.</param>
    /// <param name="isBare">Whether the tensor has no <c>.weight</c> at its end.</param>
    public virtual bool IsTransposed(string path, bool isBare) => false;

    /// <summary>The kernel of a convolution, by the module's name; null where it is none, or of one place, or not known.</summary>
    /// <param name="path">The module's path, as the table of names gives it.</param>
    public virtual IReadOnlyList<long>? KernelOf(string path) => null;

    /// <summary>The other names of the denoising network's modules.</summary>
    protected virtual IEnumerable<Alias> Aliases => [];

    /// <summary>Those of the other names that diffusers uses; of several for the same rows the first counts.</summary>
    protected virtual IEnumerable<Alias> DiffusersAliases => Aliases;

    /// <summary>Names that ComfyUI uses where they are not the native ones.</summary>
    protected virtual IEnumerable<Alias> ComfyAliases => [];

    /// <summary>
    /// Dotted names of modules, as templates, that no alias has; also what may stand for <c>{*}</c>. An underscored name gets its dots
    /// from these and from the aliases.
    /// </summary>
    protected virtual IEnumerable<string> Modules => [];

    /// <summary>Whether kohya's trainers name the denoising network's modules as diffusers does.</summary>
    public virtual bool KohyaUsesDiffusersNames => false;

    /// <summary>The beginning of kohya's names, before <c>unet_</c> or <c>te_</c>.</summary>
    public virtual string KohyaPrefix => "lora_";

    /// <summary>What ComfyUI calls the T5 of this family.</summary>
    public virtual string ComfyT5 => "t5xxl";

    /// <summary>What ComfyUI calls the language model that is a text encoder of this family; null where that is not known.</summary>
    public virtual string? ComfyLanguageModel => null;

    /// <summary>Writes the denoising network's modules in the words of the model's own file; ComfyUI's differ in a few families.</summary>
    internal ModuleNames NativeNames => nativeNames ??= new ModuleNames([], Aliases, Modules);

    /// <summary>The same with ComfyUI's own words where they differ.</summary>
    internal ModuleNames ComfyNames => comfyNames ??= new ModuleNames(ComfyAliases, Aliases, Modules);

    /// <summary>Writes them in diffusers' words.</summary>
    internal ModuleNames DiffusersNames => diffusersNames ??= new ModuleNames(DiffusersAliases, Aliases, Modules, replacesLists: true);

    /// <summary>The table of these names.</summary>
    internal NameTable Names => table ??= new NameTable(Aliases);

    /// <summary>The identity of a layer.</summary>
    /// <param name="component">The component that its spelling says.</param>
    /// <param name="name">The module's name without prefixes.</param>
    public LayerKey KeyOf(Component component, string name)
    {
        if (Components.IsTextEncoder(component))
        {
            (string path, RowSelection rows) = ArchitectureCatalog.TextEncoderNames.Resolve(name);
            return new LayerKey(EncoderOf(component, path), path, rows);
        }

        (string module, RowSelection selection) = Names.Resolve(name);
        return new LayerKey(component == Component.Other ? Component.Other : Denoiser, module, selection);
    }

    /// <summary>The component of a text encoder of a kind; null where the family has none, or several.</summary>
    /// <param name="kind">The kind.</param>
    public Component? ComponentOf(TextEncoderKind kind)
    {
        int[] places = [.. Enumerable.Range(0, TextEncoders.Count).Where(index => TextEncoders[index] == kind)];
        return places is [int only] ? Components.TextEncoder(only + 1) : null;
    }

    // kohya calls the T5 of Flux te3, OneTrainer te2: what the encoder is counts more than its number.
    private Component EncoderOf(Component spelled, string path) =>
        TextEncoderNames.KindOf(path) is { } kind ? ComponentOf(kind) ?? spelled : spelled;
}
