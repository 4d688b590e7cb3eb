using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>Writes layers that are no pairs of factors: as they are, renamed where the program reads them.</summary>
/// <param name="adapter">The input.</param>
/// <param name="architecture">The family of its model.</param>
/// <param name="settings">What is changed.</param>
/// <param name="draft">Takes the output's tensors.</param>
/// <param name="types">The types of the factors.</param>
/// <param name="namer">Gives the names; null where they stay.</param>
internal sealed class OtherLayers(
    Adapter adapter,
    Architecture? architecture,
    ConversionSettings settings,
    ConversionDraft draft,
    ConversionTypes types,
    LayerNamer? namer
)
{
    // The names of parts, as AdapterTensorName gives them.
    private const string Mid = "lora_mid";

    private const string Bookkeeping = "_aux.";

    /// <summary>Adds a layer, or leaves it behind.</summary>
    /// <param name="layer">Its name.</param>
    /// <param name="parts">Its tensors.</param>
    public void Add(string layer, IReadOnlyList<LayerTensor> parts)
    {
        if (settings.ToPairs && parts.Any(static part => part.Name.Kind is not null && part.Name.Part != AdapterPart.Beside))
        {
            draft.Leave(layer, ReasonOf(layer) ?? "it is no product of factors");
            return;
        }

        if (namer is null || settings.Naming is not { } naming)
        {
            foreach (LayerTensor part in parts)
            {
                draft.AddCast(part.Tensor.Name, part, types.Asked, layer);
            }

            return;
        }

        var spelling = LayerSpelling.Read(layer);
        LayerKey key = AdapterReader.KeyOf(spelling, architecture);
        LayerNames found = namer.NamesOf(key, spelling);
        AdapterLayer? known = adapter.Layers.FirstOrDefault(known => known.Name == layer);
        double? alpha = AlphaOf(known, parts);
        string? reason =
            naming.IsOfPeft() ? $"{ReasonOf(layer) ?? "what it holds"} has no names in {naming}"
            : found.Names.Count == 0 ? found.Reason
            : found.Names is not [var only] || only.Rows != key.Rows ? "it cannot be divided as the names are"
            : known is { AlphaDivisor: null, Scale: not 1 } && !HasAlpha(parts) ? "its scale stands in settings alone"
            : null;
        if (reason is not null)
        {
            bool couldBePair = naming.IsOfPeft() && known is not null;
            draft.Leave(
                layer,
                reason,
                couldBePair ? UnwrittenCase.OtherKind
                    : found.NeedsBase ? UnwrittenCase.NameUnknown
                    : UnwrittenCase.NoPlace
            );
            return;
        }

        Rename(layer, found.Names[0].Name, parts, naming);
        if (alpha is { } written)
        {
            byte[] bytes = NumberEncoder.Encode(TensorType.Float32, [written]);
            draft.Add(found.Names[0].Name + PartSuffixes.Alpha, TensorType.Float32, [], sink => sink(bytes), layer);
        }
    }

    /// <summary>Adds a tensor of no layer, or leaves it behind.</summary>
    /// <param name="tensor">The tensor.</param>
    public void AddLoose(TensorEntry tensor)
    {
        // Embeddings that a file brings along and trainers' own numbers: readers that look for layers alone pass over them.
        bool isKnown =
            BundledEmbedding.NameOf(tensor.Name) is not null || tensor.Name.StartsWith(Bookkeeping, StringComparison.Ordinal);
        if (settings.Naming is not { } naming || (isKnown && !naming.IsOfPeft()))
        {
            draft.AddCopy(tensor.Name, tensor, tensor.Name);
        }
        else
        {
            draft.Leave(tensor.Name, isKnown ? $"it has no place in {naming}" : "a tensor of no layer that is known");
        }
    }

    private void Rename(string layer, string name, IReadOnlyList<LayerTensor> parts, LoraNaming naming)
    {
        // ComfyUI looks for lora_mid beside kohya's suffixes alone.
        bool hasMid = parts.Any(static part => part.Name.Suffix == Mid);
        PartSuffixes suffixes = PartSuffixes.Of(hasMid ? LoraNaming.Kohya : naming);
        foreach (LayerTensor part in parts)
        {
            string suffix = part.Name.Part switch
            {
                AdapterPart.Down => suffixes.Down,
                AdapterPart.Up => suffixes.Up,
                AdapterPart.Alpha => PartSuffixes.Alpha,
                AdapterPart.Beside when part.Name.Suffix == PartSuffixes.BiasPart => suffixes.Bias,
                AdapterPart.Magnitude => suffixes.Magnitude,
                _ => part.Tensor.Name[layer.Length..],
            };
            draft.AddCast(name + suffix, part, types.Asked, layer);
        }
    }

    private string? ReasonOf(string layer) =>
        adapter.KeptLayers.Where(kept => kept.Name == layer).Select(static kept => kept.Reason).FirstOrDefault()
        ?? adapter.Layers.Where(known => known.Name == layer).Select(static known => known.AdapterKind.ToString()).FirstOrDefault();

    private static bool HasAlpha(IReadOnlyList<LayerTensor> parts) => parts.Any(static part => part.Name.Part == AdapterPart.Alpha);

    // The alpha of a scale that only settings say. Where alpha has no effect, as on a LoKr of two whole halves, there is none.
    private static double? AlphaOf(AdapterLayer? layer, IReadOnlyList<LayerTensor> parts) =>
        layer is { IsScaleAssumed: false } && !HasAlpha(parts) ? layer.Scale * layer.AlphaDivisor : null;
}
