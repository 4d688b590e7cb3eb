namespace ResizeLora.Architectures;

/// <summary>
/// The facts of a model family: how to recognise it, and what other names its modules have. A family whose adapters use the base
/// model's own names needs no aliases.
/// </summary>
internal abstract class Architecture
{
    private NameTable? table;

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
