using ResizeLora.Adapters;
using ResizeLora.Dialects;

namespace ResizeLora.Conversion;

/// <summary>Writes layers that are pairs of factors, those of one module together, under their new names.</summary>
/// <param name="adapter">The input.</param>
/// <param name="tensors">The input's tensors by layer.</param>
/// <param name="draft">Takes the output's tensors.</param>
/// <param name="types">The types of the factors.</param>
/// <param name="namer">Gives the names.</param>
/// <param name="naming">In whose words.</param>
/// <param name="targets">Says what the output's layers are made of.</param>
internal sealed class RenamedPairs(
    Adapter adapter,
    LayerTensors tensors,
    ConversionDraft draft,
    ConversionTypes types,
    LayerNamer namer,
    LoraNaming naming,
    TargetLayers targets
)
{
    private readonly RenamedSides sides = new(adapter, tensors, draft, naming);
    private readonly PartSuffixes suffixes = PartSuffixes.Of(naming);

    /// <summary>Adds the layers of one module, or leaves them behind.</summary>
    /// <param name="layers">The layers.</param>
    public void Add(AdapterLayer[] layers)
    {
        // The layers of one module have one set of names; a dotted spelling among them knows the dots.
        LayerNames[] named = [.. layers.Select(layer => namer.NamesOf(layer.Key, layer.Spelling))];
        LayerNames found = Array.Find(named, static names => names.Names.Count > 0) ?? named[0];
        if (found.Names.Count == 0)
        {
            draft.Leave(layers, found.Reason!, found.NeedsBase ? UnwrittenCase.NameUnknown : UnwrittenCase.NoPlace);
            return;
        }

        if (Array.Exists(layers, static layer => layer.IsTransposed) && ReasonToLeaveEmbedding(layers, found) is { } unnamed)
        {
            draft.Leave(layers, unnamed);
            return;
        }

        AdapterLayer[] sources = SourcesOf(layers, found);
        if (sources.Select(static layer => layer.InFeatures).Distinct().Count() > 1)
        {
            draft.Leave(layers, "its layers differ in their columns");
            return;
        }

        var planned = new List<(string Name, IReadOnlyList<FactorRows> Parts, int Rows)>();
        foreach (LayerName name in found.Names)
        {
            if (targets.PartsOf(name.Rows, sources) is not { } target)
            {
                draft.Leave(layers, "the heights of its fused parts are not known");
                return;
            }

            if (target.Parts.Count > 0)
            {
                planned.Add((name.Name, target.Parts, target.Rows));
            }
        }

        if (planned.Select(target => sides.ReasonToLeave(target.Parts)).FirstOrDefault(static reason => reason is not null) is { } unfit)
        {
            draft.Leave(layers, unfit);
            return;
        }

        foreach ((string name, IReadOnlyList<FactorRows> parts, int rows) in planned)
        {
            Add(name, parts, rows, layers[0].Name);
        }
    }

    private string? ReasonToLeaveEmbedding(AdapterLayer[] layers, LayerNames found) =>
        naming != LoraNaming.Peft ? "a LoRA of an embedding has names in PEFT alone"
        : layers is not [var only] || found.Names is not [var name] || name.Rows != only.Key.Rows ? "it cannot be divided as the names are"
        : null;

    // A fused layer is taken apart where its parts have names of their own, and nothing stands beside it.
    private AdapterLayer[] SourcesOf(AdapterLayer[] layers, LayerNames found)
    {
        bool isWhole = found.Names is [{ Rows.IsWhole: true }];
        return
        [
            .. layers
                .Select(layer => layer.Fused is { } fused && (isWhole || tensors.HasSides(layer)) ? fused.Whole : layer)
                .Distinct(),
        ];
    }

    private void Add(string name, IReadOnlyList<FactorRows> parts, int rows, string source)
    {
        IReadOnlyList<FactorColumns> columns = targets.ColumnsOf(parts);
        double scale = naming == LoraNaming.Diffusers ? 1 : CommonScale(columns);
        var pair = new ConvertedPair(
            adapter.Verified,
            name,
            columns,
            rows,
            types.Of(parts, columns.Any(column => column.Scale != scale)),
            scale
        );
        PartSuffixes factors = parts[0].Layer.IsTransposed ? PartSuffixes.Embedding : suffixes;
        draft.AddPair(pair, name + factors.Down, name + factors.Up, source);
        if (!naming.IsOfPeft())
        {
            draft.AddAlpha(pair, source);
        }

        sides.Add(pair, parts, rows, source);
    }

    // Where layers of different scales are fused, the first that is not zero stays in alpha.
    private static double CommonScale(IReadOnlyList<FactorColumns> columns) =>
        columns.Select(static column => column.Scale).FirstOrDefault(static scale => scale != 0);
}
