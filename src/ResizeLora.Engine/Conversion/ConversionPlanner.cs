using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>Decides which layers are written in which way, and makes the plan of it.</summary>
internal sealed class ConversionPlanner
{
    private readonly ConversionMaking making;
    private readonly Adapter adapter;
    private readonly ConversionSettings settings;
    private readonly Architecture? architecture;
    private readonly LayerNamer? namer;
    private readonly LayerTensors tensors;
    private readonly ConversionTypes types;
    private readonly ConversionDraft draft;

    private ConversionPlanner(ConversionMaking making)
    {
        this.making = making;
        adapter = making.Adapter;
        settings = making.Settings;

        // The layers that are no pairs of factors may be all that tell the family.
        architecture = adapter.Architecture ?? LayerInventory.Of(adapter.File.Header.Tensors).Architecture;
        namer = settings.Naming is { } naming ? new LayerNamer(architecture, naming, BaseNames.Of(making.Checkpoints)) : null;
        tensors = new LayerTensors(adapter, isRenamed: namer is not null);
        types = new ConversionTypes(settings.Type);
        draft = new ConversionDraft(adapter);
    }

    /// <summary>Plans a conversion.</summary>
    /// <param name="making">What the output is made from and how.</param>
    /// <exception cref="ConversionException">A layer cannot be written so, and is not to be left out.</exception>
    public static ConversionPlan Plan(ConversionMaking making) => new ConversionPlanner(making).Plan();

    private bool HasSettings => settings.Naming == LoraNaming.Peft || (settings.Naming is null && adapter.SettingsText is not null);

    private ConversionPlan Plan()
    {
        AdapterLayer[] pairLayers = [.. adapter.Layers.Where(IsPair)];
        AddPairs(pairLayers);
        HashSet<string> paired = [.. pairLayers.Select(static layer => (layer.Fused?.Whole ?? layer).Name)];
        var groups = new OtherLayers(adapter, architecture, settings, draft, types, namer);
        foreach ((string layer, List<LayerTensor> parts) in tensors.Groups)
        {
            if (!paired.Contains(layer))
            {
                groups.Add(layer, parts);
            }
        }

        foreach (TensorEntry tensor in tensors.Loose)
        {
            groups.AddLoose(tensor);
        }

        return Finish();
    }

    // A pair of factors that the file holds, or any that can be computed where pairs are asked for.
    private bool IsPair(AdapterLayer layer) => settings.ToPairs || layer.StoredTensors is null;

    private void AddPairs(AdapterLayer[] layers)
    {
        if (namer is null || settings.Naming is not { } naming)
        {
            var kept = new KeptPairs(adapter, tensors, draft, types);
            Array.ForEach([.. layers.Select(static layer => layer.Fused?.Whole ?? layer).Distinct()], kept.Add);
            return;
        }

        var pairs = new RenamedPairs(adapter, tensors, draft, types, namer, naming, new TargetLayers(adapter, layers));
        Component? only = namer.HoldsOneModel ? OnlyComponent(layers) : null;
        foreach (IGrouping<(Component Component, string), AdapterLayer> module in layers.GroupBy(ModuleOf))
        {
            if (only is not null && module.Key.Component != only)
            {
                draft.Leave(module, "a folder of PEFT holds one model's layers");
            }
            else
            {
                pairs.Add([.. module]);
            }
        }
    }

    private static (Component Component, string Path) ModuleOf(AdapterLayer layer) => (layer.Key.Component, layer.Key.Path);

    private static Component? OnlyComponent(AdapterLayer[] layers) =>
        layers
            .Select(static layer => layer.Key.Component)
            .OrderBy(Components.IsTextEncoder)
            .ThenBy(static component => component)
            .Select(static component => (Component?)component)
            .FirstOrDefault();

    private ConversionPlan Finish()
    {
        IReadOnlyList<UnwrittenLayer> leftBehind = draft.LeftBehind;
        bool isEmpty = draft.Tensors.Count == 0;
        if (isEmpty && leftBehind.Count == 0)
        {
            throw new ConversionException(adapter.Path, "Nothing", "holds nothing to convert.");
        }

        if (leftBehind.Count > 0 && (isEmpty || !settings.SkipsUnsupported))
        {
            string what = settings.Naming is { } naming
                ? $"cannot be written with the names of {naming}"
                : "cannot be written as pairs of factors";
            throw ConversionException.NotExpressible(adapter.Path, what, leftBehind, isEmpty, architecture);
        }

        var metadata = new ConversionMetadata(adapter, settings, draft);
        string parameters = making.Parameters(leftBehind);
        SafetensorsLayout layout = SafetensorsLayout.Create(
            draft.Tensors.Select(static tensor => (tensor.Name, tensor.Type, tensor.Shape)),
            metadata.Header(parameters)
        );
        return new ConversionPlan(making, draft.Tensors, draft.Pairs, layout)
        {
            LayerCount = LayerInventory.Of(adapter.File.Header.Tensors).Layers.Count,
            WrittenLayerCount = LayerInventory.Of(layout.Tensors).Layers.Count,
            Kind = LayerInventory.Of(layout.Tensors).Kind(),
            LeftBehind = leftBehind,
            Naming = settings.Naming,
            PeftSettings = HasSettings ? metadata.Settings() : null,
        };
    }
}
