using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>A spelling of layers' names: what stands before the module's own name.</summary>
internal abstract class Dialect
{
    /// <summary>Whose spelling it is.</summary>
    public abstract AdapterDialect Name { get; }

    /// <summary>
    /// The beginnings of names, each with the part of the model that it means; of two that fit, the first counts. A denoising network is
    /// <see cref="Component.UNet"/> here; the architecture knows what it is.
    /// </summary>
    protected abstract IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; }

    /// <summary>Reads a layer's name.</summary>
    /// <param name="layer">The name in the file, without the part's suffix.</param>
    /// <returns>What it says, or null when it is in another spelling.</returns>
    public virtual LayerSpelling? Read(string layer)
    {
        foreach ((string prefix, Component component) in Prefixes)
        {
            if (layer.Length > prefix.Length && layer.StartsWith(prefix, StringComparison.Ordinal))
            {
                return new LayerSpelling(Name, component, layer[prefix.Length..]);
            }
        }

        return null;
    }
}

/// <summary>What a layer's name says.</summary>
/// <param name="Dialect">Whose spelling it is.</param>
/// <param name="Component">The part of the model, as the spelling says it.</param>
/// <param name="Module">The module's own name, dotted or underscored.</param>
internal readonly record struct LayerSpelling(AdapterDialect Dialect, Component Component, string Module)
{
    // The more particular beginnings come first.
    private static readonly Dialect[] Known =
    [
        new KohyaDialect(),
        new OneTrainerDialect(),
        new LycorisDialect(),
        new PeftDialect(),
        new DiffusersDialect(),
        new BaseModelDialect(),
    ];

    /// <summary>Reads a layer's name.</summary>
    /// <param name="layer">The name in the file, without the part's suffix.</param>
    public static LayerSpelling Read(string layer)
    {
        foreach (Dialect dialect in Known)
        {
            if (dialect.Read(layer) is { } spelling)
            {
                return spelling;
            }
        }

        return new LayerSpelling(AdapterDialect.Unknown, Component.Other, layer);
    }
}
