using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>The tensors of one layer, by what they are to it.</summary>
/// <param name="name">The layer's name; with the adapter's name where a file holds several.</param>
/// <param name="stem">What stands before the parts' own names.</param>
internal sealed class LayerParts(string name, string stem)
{
    private readonly Dictionary<string, TensorEntry> parts = new(StringComparer.Ordinal);

    /// <summary>The layer's name.</summary>
    public string Name { get; } = name;

    /// <summary>What stands before the parts' own names.</summary>
    public string Stem { get; } = stem;

    /// <summary>What the name says.</summary>
    public LayerSpelling Spelling { get; } = LayerSpelling.Read(stem);

    /// <summary>A part that no kind has, or that the layer has twice; null where there is none.</summary>
    public string? Extra { get; set; }

    /// <summary>The kind of adapter that the names of the parts tell.</summary>
    public AdapterKind Kind { get; private set; } = AdapterKind.Full;

    /// <summary>The tensor of alpha, or null.</summary>
    public TensorEntry? Alpha { get; private set; }

    /// <summary>The magnitudes of DoRA, or null.</summary>
    public TensorEntry? Magnitude { get; private set; }

    /// <summary>The names of the parts that make the layer's kind.</summary>
    public IReadOnlyCollection<string> Names => parts.Keys;

    /// <summary>The part of a name, or null.</summary>
    /// <param name="part">The part's own name, such as <c>lora_down</c>.</param>
    public TensorEntry? Find(string part) => parts.GetValueOrDefault(part);

    /// <summary>The tensors that the layer consists of: its parts, alpha and magnitudes.</summary>
    public IReadOnlyList<TensorEntry> Tensors => [.. new[] { Alpha, Magnitude }.OfType<TensorEntry>(), .. parts.Values];

    /// <summary>Adds a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="part">What its name says.</param>
    public void Add(TensorEntry tensor, AdapterTensorName part)
    {
        bool isNew = part.Part switch
        {
            AdapterPart.Alpha => Alpha is null,
            AdapterPart.Magnitude => Magnitude is null,
            AdapterPart.Beside => true,
            _ => parts.TryAdd(part.Suffix, tensor),
        };
        if (!isNew)
        {
            Extra ??= tensor.Name[Math.Min(tensor.Name.Length, Stem.Length + 1)..];
            return;
        }

        Kind = part.Kind is { } kind && kind != AdapterKind.Full ? kind : Kind;
        Alpha = part.Part == AdapterPart.Alpha ? tensor : Alpha;
        Magnitude = part.Part == AdapterPart.Magnitude ? tensor : Magnitude;
    }
}
