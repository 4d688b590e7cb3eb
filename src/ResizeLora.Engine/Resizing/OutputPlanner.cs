using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>The output that a selection of dimensions makes: the form of each layer, and where every byte lies.</summary>
internal sealed class OutputPlanner
{
    private readonly Adapter adapter;
    private readonly LayerSpectrum[] spectra;
    private readonly IReadOnlyList<AdapterLayer> passedThrough;
    private readonly OutputMaking making;
    private readonly TensorEntry[] copied;
    private readonly IReadOnlyList<OutputPair> pairs;
    private readonly int highestRank;

    /// <summary>Prepares the outputs of one file.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="spectra">The layers to resize.</param>
    /// <param name="passedThrough">Layers to copy as they are.</param>
    /// <param name="making">The recipe, the type that factors are written in, and what else the output remembers.</param>
    public OutputPlanner(Adapter adapter, LayerSpectrum[] spectra, IReadOnlyList<AdapterLayer> passedThrough, OutputMaking making)
    {
        this.adapter = adapter;
        this.spectra = spectra;
        this.passedThrough = passedThrough;
        this.making = making;
        RequireOneKind();
        copied =
        [
            .. adapter.OtherTensors,
            .. passedThrough
                .Select(static layer => layer.Fused?.Whole ?? layer)
                .DistinctBy(static layer => layer.Name)
                .SelectMany(static layer => layer.Tensors),
        ];
        pairs = OutputPair.Of([.. spectra.Select(static spectrum => spectrum.Source)]);
        highestRank = ResizeMetadata.HighestRankOf(adapter);
    }

    /// <summary>Where every byte of the output of a selection lies.</summary>
    /// <param name="selection">The selection.</param>
    public SafetensorsLayout LayOut(DimensionSelection selection) => LayOut(selection, FormsOf(selection));

    /// <summary>Plans the output of a selection.</summary>
    /// <param name="selection">The selection.</param>
    /// <param name="quantiles">The quantiles of the scores.</param>
    /// <param name="lostOf">What a layer loses by dropping dimensions, where that is not their length alone; null elsewhere.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public ResizePlan Plan(
        DimensionSelection selection,
        IReadOnlyList<double> quantiles,
        Func<LayerSpectrum, int[], double?> lostOf,
        CancellationToken cancellationToken
    )
    {
        OutputForm[] forms = FormsOf(selection);
        var plans = new LayerPlan[spectra.Length];
        void PlanPair(int pair)
        {
            for (int part = 0; part < pairs[pair].Layers.Count; part++)
            {
                int layer = pairs[pair].Layers[part];
                int[] kept = forms[pair].Kept[part];
                plans[layer] = new LayerPlan(spectra[layer], kept, forms[pair], making.Recipe.Rescale, lostOf(spectra[layer], kept));
            }
        }

        // Over a base weight the loss takes as long as a decomposition.
        int threads = Array.Exists(spectra, static spectrum => spectrum.Effect is not null) ? Environment.ProcessorCount : 1;
        LayerWorkers.ForEach([.. Enumerable.Range(0, pairs.Count)], threads, PlanPair, cancellationToken);
        bool hasAll = adapter.Merge is null && plans.Length + passedThrough.Count == adapter.Layers.Count;
        Dictionary<string, int> kinds = adapter
            .KeptLayers.GroupBy(static layer => layer.Kind)
            .OrderBy(static group => group.Key)
            .ToDictionary(static group => group.Key.ToString(), static group => group.Count());
        if (adapter.EmbeddingCount is int embeddings and > 0)
        {
            kinds.Add(ResizePlan.EmbeddingKind, embeddings);
        }

        return new ResizePlan(
            making,
            selection.Threshold,
            quantiles,
            plans,
            [.. pairs.Zip(forms)],
            [.. copied, .. forms.SelectMany(static form => form.Copied)],
            [.. passedThrough.Select(static layer => layer.Name)],
            kinds,
            LayOut(selection, forms),
            adapter.File.Length
        )
        {
            PeftSettings = adapter.SettingsText is { } settings ? PeftOutput.UpdateFile(settings, ScalesOf(forms), HasOthers(forms)) : null,
            ChangesNothing = hasAll && making.Recipe.Rescale == 1 && plans.All(IsUnchanged),
        };
    }

    // The settings of a PEFT folder name one kind of adapter: what is not LoRA must become it, all of it or nothing.
    private void RequireOneKind()
    {
        string[] others =
        [
            .. passedThrough.Where(static layer => layer.StoredTensors is not null).Select(static layer => layer.Name),
            .. adapter
                .KeptLayers.Where(static layer => layer.Kind is AdapterKind.LoHa or AdapterKind.LoKr)
                .Select(static layer => layer.Name),
        ];
        bool becomesLora =
            making.Kind != OutputKind.Same && Array.Exists(spectra, static spectrum => spectrum.Source.StoredTensors is not null);
        if (adapter.SettingsText is not null && becomesLora && others.Length > 0)
        {
            throw OutputException.NothingResized(
                adapter.Path,
                making.Recipe.ToString(),
                $"its settings name one kind of adapter, and these layers would not become LoRA: {NameSummary.Sample(others)}"
            );
        }
    }

    /// <summary>
    /// Whether one dimension stays whatever the scores say: without the layer by which a loader recognises the spelling, it would load nothing
    /// of the file, and it leaves out magnitudes without factors, so that the layer would be another one.
    /// </summary>
    /// <param name="spectrum">The layer.</param>
    public static bool MustStay(LayerSpectrum spectrum) => LoaderMarks.Has(spectrum.Layer) || spectrum.Source.Magnitude is not null;

    private bool IsUnchanged(LayerPlan layer) =>
        layer.Form.Way == OutputWay.Stored
        || (
            layer.Form.Way == OutputWay.Pair
            && layer.Spectrum.Source.StoredTensors is null
            && layer.Result.NewRank == layer.Result.OldRank
            && layer.Spectrum.Source.Down.Type == making.Type
            && layer.Spectrum.Source.Up.Type == making.Type
        );

    private OutputForm[] FormsOf(DimensionSelection selection)
    {
        var choice = new FormChoice(making.Kind, making.Type, making.Recipe.Rescale);
        return
        [
            .. pairs.Select(pair =>
                OutputForm.Choose(
                    pair,
                    [.. pair.Layers.Select(layer => spectra[layer])],
                    [.. pair.Layers.Select(layer => KeptOf(selection, layer))],
                    choice
                )
            ),
        ];
    }

    private int[] KeptOf(DimensionSelection selection, int layer) =>
        selection.Kept[layer] is { Length: > 0 } kept ? kept
        : MustStay(spectra[layer]) ? [0]
        : [];

    private SafetensorsLayout LayOut(DimensionSelection selection, OutputForm[] forms)
    {
        var tensors = new List<(string Name, TensorType Type, IReadOnlyList<long> Shape)>((3 * pairs.Count) + copied.Length);
        foreach (OutputForm form in forms)
        {
            tensors.AddRange(form.Written);
            tensors.AddRange(form.Copied.Select(static tensor => (tensor.Name, tensor.Type, tensor.Shape)));
        }

        tensors.AddRange(copied.Select(static tensor => (tensor.Name, tensor.Type, tensor.Shape)));
        Dictionary<string, string> metadata = ResizeMetadata.Create(adapter.Metadata, making, selection.Threshold, highestRank);
        if (metadata.TryGetValue(PeftSettings.MetadataKey, out string? settings) && ScalesOf(forms) is { Length: > 0 } scales)
        {
            metadata[PeftSettings.MetadataKey] = PeftOutput.UpdateHeader(settings, scales, HasOthers(forms));
        }

        return SafetensorsLayout.Create(tensors, metadata);
    }

    // Layers whose scale the settings must go on to say.
    private bool HasOthers(OutputForm[] forms) =>
        adapter.KeptLayers.Count > 0 || Array.Exists(forms, static form => form.Way is OutputWay.Stored or OutputWay.Reduced);

    private WrittenScale[] ScalesOf(OutputForm[] forms) =>
        [
            .. pairs
                .Zip(forms)
                .Where(static pair => pair.Second.Way == OutputWay.Pair)
                .Select(static pair => new WrittenScale(pair.First.Stored, pair.Second.Rank, 1)),
            .. passedThrough
                .Select(static layer => layer.Fused?.Whole ?? layer)
                .DistinctBy(static layer => layer.Name)
                .Select(static layer => new WrittenScale(layer, layer.Rank, layer.Scale)),
        ];
}
