using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>A tensor of a layer.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Name">What its name says.</param>
internal readonly record struct LayerTensor(TensorEntry Tensor, AdapterTensorName Name)
{
    /// <summary>Whether it stands beside the factors: a bias, or a magnitude.</summary>
    public bool IsSide => Name.Part is AdapterPart.Beside or AdapterPart.Magnitude;
}

/// <summary>The tensors of a file by the layer that they belong to.</summary>
internal sealed class LayerTensors
{
    private readonly Dictionary<string, List<LayerTensor>> groups = new(StringComparer.Ordinal);
    private readonly List<TensorEntry> loose = [];

    /// <summary>Groups the tensors of a file.</summary>
    /// <param name="adapter">The file.</param>
    /// <param name="isRenamed">Whether layers get new names, which adapters of PEFT in one file would share.</param>
    /// <exception cref="ConversionException">The file holds several adapters, and layers get new names.</exception>
    public LayerTensors(Adapter adapter, bool isRenamed)
    {
        (TensorEntry Tensor, AdapterTensorName? Name)[] parsed =
        [
            .. adapter.File.Header.Tensors.Select(static tensor => (tensor, AdapterTensorName.Parse(tensor.Name))),
        ];
        bool hasSeveral = parsed.Select(static part => part.Name?.AdapterName).OfType<string>().Distinct().Skip(1).Any();
        if (hasSeveral && isRenamed)
        {
            throw new ConversionException(adapter.Path, "Several", "holds several adapters of PEFT, which would get the same names.");
        }

        foreach ((TensorEntry tensor, AdapterTensorName? parsedName) in parsed)
        {
            if (parsedName is not { } name)
            {
                loose.Add(tensor);
                continue;
            }

            string layer = hasSeveral && name.AdapterName is { } named ? $"{name.Layer}.{named}" : name.Layer;
            if (!groups.TryGetValue(layer, out List<LayerTensor>? known))
            {
                groups.Add(layer, known = []);
            }

            known.Add(new LayerTensor(tensor, name));
        }

        JoinLoose();
    }

    /// <summary>The tensors of each layer.</summary>
    public IReadOnlyDictionary<string, List<LayerTensor>> Groups => groups;

    /// <summary>The tensors of no layer.</summary>
    public IReadOnlyList<TensorEntry> Loose => loose;

    /// <summary>The tensors of a layer, of all parts of a fused one.</summary>
    /// <param name="layer">The layer.</param>
    public IReadOnlyList<LayerTensor> Of(AdapterLayer layer) =>
        groups.GetValueOrDefault((layer.Fused?.Whole ?? layer).Name) ?? [];

    /// <summary>Whether a layer has a bias or magnitudes beside its factors.</summary>
    /// <param name="layer">The layer.</param>
    public bool HasSides(AdapterLayer layer) => Of(layer).Any(static part => part.IsSide);

    /// <summary>The tensor of a layer with this suffix; null where it has none.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="suffix">The suffix, as the names of parts give it.</param>
    public TensorEntry? SideOf(AdapterLayer layer, string suffix) =>
        Of(layer).Where(part => part.Name.Suffix == suffix).Select(static part => part.Tensor).FirstOrDefault();

    // A tensor of an unknown part goes with the layer that it stands beside, such as the weight of IA3 beside on_input.
    private void JoinLoose()
    {
        foreach (TensorEntry tensor in loose.ToArray())
        {
            int dot = tensor.Name.LastIndexOf('.');
            if (dot > 0 && groups.TryGetValue(tensor.Name[..dot], out List<LayerTensor>? known))
            {
                var name = new AdapterTensorName(
                    tensor.Name[..dot],
                    AdapterPart.Other,
                    null,
                    AdapterTensorName.RankPlace.None,
                    tensor.Name[(dot + 1)..]
                );
                known.Add(new LayerTensor(tensor, name));
                loose.Remove(tensor);
            }
        }
    }
}
