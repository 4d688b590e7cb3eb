using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Dialects;

namespace ResizeLora.Checkpoints;

/// <summary>An open base model, from one file or several: the weight that each LoRA layer changes.</summary>
public sealed class Checkpoint : IDisposable
{
    // A character that no path on Windows can hold, and hardly any elsewhere.
    private const char PathSeparator = '|';

    private readonly IReadOnlyList<BaseComponent> components;
    private readonly Dictionary<(Component, string, RowSelection?), BaseWeight?> found = [];
    private IReadOnlyList<BaseWeight>? weights;

    internal Checkpoint(
        IReadOnlyList<string> origins,
        IReadOnlyList<BaseFile> files,
        Architecture? architecture,
        IReadOnlyList<BaseComponent> components
    )
    {
        this.components = components;
        Origins = origins;
        Files = files;
        Architecture = architecture;
    }

    /// <summary>The files and folders that were given for it.</summary>
    public IReadOnlyList<string> Origins { get; }

    /// <summary>The path; of a base model in several files all of their paths, with <c>|</c> between them.</summary>
    public string Path => string.Join(PathSeparator, Origins);

    /// <summary>The paths of its files.</summary>
    public IEnumerable<string> FilePaths => Files.Select(static file => file.Path);

    /// <summary>The family of the model, such as <c>SDXL</c>, from its tensors' names; null when they do not tell.</summary>
    public string? Family => Architecture?.Name;

    /// <summary>All weights that a LoRA layer can name.</summary>
    public IReadOnlyCollection<BaseWeight> Weights => weights ??= [.. components.SelectMany(WeightsOf)];

    /// <summary>The files, owned by this object.</summary>
    internal IReadOnlyList<BaseFile> Files { get; }

    /// <summary>The architecture, or null where adapters mirror the model's names.</summary>
    internal Architecture? Architecture { get; }

    /// <summary>What tells the base model from others, wherever it lies: 16 hexadecimal digits.</summary>
    internal string ContentKey => CheckpointIdentity.ContentOf(Files);

    /// <summary>Opens a base model.</summary>
    /// <param name="path">A file, a folder of diffusers or transformers, or several of them with <c>|</c> between.</param>
    /// <exception cref="UnsupportedFileException">A file is a pickle.</exception>
    /// <exception cref="ResizeLoraException">A file is missing or damaged, or no base model.</exception>
    public static Checkpoint Open(string path)
    {
        IReadOnlyList<Checkpoint> opened = CheckpointOpener.Open(PathsOf(path));
        if (opened.Count == 1)
        {
            return opened[0];
        }

        foreach (Checkpoint checkpoint in opened)
        {
            checkpoint.Dispose();
        }

        throw new CheckpointException(path, "Several", $"'{path}' holds {opened.Count} base models.");
    }

    /// <summary>The files and folders in the path of a base model.</summary>
    /// <param name="path">The path, as <see cref="Path"/> gives it.</param>
    public static IReadOnlyList<string> PathsOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Contains(PathSeparator, StringComparison.Ordinal) && !System.IO.Path.Exists(path) ? path.Split(PathSeparator) : [path];
    }

    /// <summary>Finds the weight that a LoRA layer changes.</summary>
    /// <param name="layer">The layer's name in its file.</param>
    /// <returns>The weight, or null when the base model has none of that name.</returns>
    public BaseWeight? Find(string layer) => Find(LayerSpelling.Read(layer), null);

    /// <summary>Finds the weight that a LoRA layer changes.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>The weight, of whatever shape; null when the base model has none of that name.</returns>
    public BaseWeight? Find(AdapterLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return Find(layer.Spelling, layer.Fused is null ? null : layer.Key.Rows);
    }

    /// <summary>Finds the weight of a layer whose key is of this base model's architecture, so that its name is not read again.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>The weight; null when the key alone does not find it.</returns>
    internal BaseWeight? FindByKey(AdapterLayer layer)
    {
        LayerKey key = layer.Key;
        return
            components.FirstOrDefault(component => component.Component == key.Component) is { } component
            && component.FindRows(key.Path, key.Rows) is { } parts
            ? new BaseWeight(key, NameOf(key.Component, key.Path), parts)
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BaseFile file in Files)
        {
            file.Dispose();
        }
    }

    /// <summary>Sees to it that what was read was one content.</summary>
    /// <exception cref="CheckpointException">A file was written to since it was opened.</exception>
    internal void RequireUnchanged()
    {
        if (Files.FirstOrDefault(static file => file.Source.HasChanged()) is { } changed)
        {
            throw new CheckpointException(
                changed.Path,
                "Changed",
                $"'{changed.Path}' was written to while it was read; start again when that is done."
            );
        }
    }

    private BaseWeight? Find(LayerSpelling spelling, RowSelection? part)
    {
        (Component, string, RowSelection?) asked = (spelling.Component, spelling.Module, part);
        lock (found)
        {
            if (!found.TryGetValue(asked, out BaseWeight? weight))
            {
                found.Add(asked, weight = Look(spelling, part));
            }

            return weight;
        }
    }

    private BaseWeight? Look(LayerSpelling spelling, RowSelection? part)
    {
        foreach (BaseComponent component in CandidatesFor(spelling))
        {
            if (component.Find(spelling.Module, part) is { } match)
            {
                LayerKey key = new(component.Component, match.Path, match.Rows);
                return new BaseWeight(key, NameOf(component.Component, match.Path), match.Parts);
            }
        }

        return null;
    }

    // A text encoder that the base model does not have under its number may be there under another: kohya's te3 of Flux is its second.
    private IEnumerable<BaseComponent> CandidatesFor(LayerSpelling spelling)
    {
        Component asked = spelling.Component;
        if (!Components.IsTextEncoder(asked))
        {
            bool mayBeEncoder = asked == Component.Other;
            return components
                .Where(component => mayBeEncoder || !Components.IsTextEncoder(component.Component))
                .OrderBy(static component => Components.IsTextEncoder(component.Component));
        }

        asked = AdapterReader.KeyOf(spelling, Architecture).Component;
        BaseComponent[] exact = [.. components.Where(component => component.Component == asked)];
        return exact.Length > 0
            ? exact
            : components.Where(static component =>
                Components.IsTextEncoder(component.Component) || component.Component == Component.LanguageModel
            );
    }

    private IEnumerable<BaseWeight> WeightsOf(BaseComponent component)
    {
        foreach (string path in component.Paths)
        {
            foreach ((RowSelection rows, string name) in component.SelectionsOf(path))
            {
                if (component.FindRows(path, rows) is { } parts && !IsTable(path))
                {
                    yield return new BaseWeight(new LayerKey(component.Component, path, rows), NameOf(component.Component, name), parts);
                }
            }
        }
    }

    // Tables of embeddings are no layers that a LoRA usually changes.
    private static bool IsTable(string path) =>
        path.Contains("embeddings_", StringComparison.Ordinal)
        || path.EndsWith("embed_tokens", StringComparison.Ordinal)
        || path.EndsWith("relative_attention_bias", StringComparison.Ordinal)
        || path is "shared" or "pos_embed" or "positional_embedding" or "token_embedding";

    private string NameOf(Component component, string module) =>
        component switch
        {
            Component.TextEncoder1 => Architecture?.TextEncoders.Count == 1 ? $"lora_te_{module}" : $"lora_te1_{module}",
            Component.TextEncoder2 => $"lora_te2_{module}",
            Component.TextEncoder3 => $"lora_te3_{module}",
            Component.TextEncoder4 => $"lora_te4_{module}",
            Component.LanguageModel => module,
            _ => $"lora_unet_{module}",
        };
}
