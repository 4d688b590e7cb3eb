using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>Makes plans: scores, selection, and the exact layout of the file that follows.</summary>
internal static class ResizePlanner
{
    /// <summary>Plans one output.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="layers">The layers to resize, each with its references as far as the recipe weighs them.</param>
    /// <param name="passedThrough">Layers to copy as they are.</param>
    /// <param name="making">The recipe, the type that factors are written in, and what else the output remembers.</param>
    /// <exception cref="OutputException">The recipe's size is less than what the file needs without any layer.</exception>
    public static ResizePlan Plan(
        Adapter adapter,
        IReadOnlyList<(LayerSpectrum Spectrum, IReadOnlyList<double>? SubspaceScales)> layers,
        IReadOnlyList<AdapterLayer> passedThrough,
        OutputMaking making
    )
    {
        ResizeRecipe recipe = making.Recipe;
        TensorType type = making.Type;
        TensorEntry[] copied = [.. adapter.OtherTensors, .. passedThrough.SelectMany(static layer => layer.Tensors)];
        IReadOnlyList<OutputPair> pairs = OutputPair.Of([.. layers.Select(static layer => layer.Spectrum.Source)]);
        LayerSpectrum[] spectra = layers.Select(static layer => layer.Spectrum).ToArray();
        int highestRank = adapter.Layers.Count == 0 ? 0 : adapter.Layers.Max(static layer => layer.Rank);
        SafetensorsLayout LayOut(DimensionSelection selection) =>
            ResizePlanner.LayOut(
                pairs,
                KeepMarks(selection, spectra).Kept,
                copied,
                type,
                WithPeftSettings(
                    ResizeMetadata.Create(adapter.Metadata, making, selection.Threshold, highestRank),
                    ScalesOf(pairs, KeepMarks(selection, spectra).Kept, passedThrough),
                    adapter
                )
            );

        double[][] scores = recipe.HasScores ? layers.Select(layer => Score(recipe, layer.Spectrum, layer.SubspaceScales)).ToArray() : [];
        double[][] allowed = scores
            .Zip(
                spectra,
                (layer, spectrum) => recipe.Limits.LimitRank(layer, spectrum.Factors.ProductSingularValues, IsConvolution(spectrum))
            )
            .ToArray();
        DimensionSelection chosen;
        if (!recipe.HasScores)
        {
            chosen = new DimensionSelection(
                null,
                spectra.Select(spectrum => recipe.Limits.Select(spectrum.Factors.ProductSingularValues, IsConvolution(spectrum))).ToArray()
            );
        }
        else if (recipe.SizeInBytes is { } limit)
        {
            chosen = DimensionSelector.BySize(allowed, selection => LayOut(selection).FileLength <= limit);
            if (LayOut(chosen).FileLength is long length && length > limit)
            {
                throw OutputException.SizeTooSmall(adapter.Path, recipe.ToString(), limit, length);
            }
        }
        else
        {
            chosen = DimensionSelector.ByThreshold(allowed, recipe.Threshold!.Value);
        }

        chosen = KeepMarks(chosen, spectra);
        LayerPlan[] plans = spectra.Zip(chosen.Kept, (spectrum, kept) => new LayerPlan(spectrum, kept, recipe.Rescale)).ToArray();
        bool IsUnchanged(LayerPlan layer) =>
            layer.Result.NewRank == layer.Result.OldRank
            && layer.Spectrum.Source.Down.Type == type
            && layer.Spectrum.Source.Up.Type == type;
        bool hasAll = adapter.Merge is null && plans.Length + passedThrough.Count == adapter.Layers.Count;
        IReadOnlyList<double> quantiles = ScoreQuantile.Of(scores);
        string[] passed = [.. passedThrough.Select(static layer => layer.Name)];
        return new ResizePlan(making, chosen.Threshold, quantiles, plans, pairs, copied, passed, LayOut(chosen), adapter.File.Length)
        {
            PeftSettings = adapter.SettingsText is { } settings
                ? PeftOutput.UpdateFile(settings, ScalesOf(pairs, chosen.Kept, passedThrough), adapter.KeptLayers.Count > 0)
                : null,
            ChangesNothing = hasAll && recipe.Rescale == 1 && plans.All(IsUnchanged),
        };
    }

    // Without the layer by which a loader recognises the spelling, it would load nothing of the file.
    private static DimensionSelection KeepMarks(DimensionSelection selection, LayerSpectrum[] spectra) =>
        selection with
        {
            Kept =
            [
                .. selection.Kept.Zip(spectra, static (kept, spectrum) => kept.Length == 0 && LoaderMarks.Has(spectrum.Layer) ? [0] : kept),
            ],
        };

    private static bool IsConvolution(LayerSpectrum spectrum) => spectrum.Kind != LayerKind.Linear;

    private static double[] Score(ResizeRecipe recipe, LayerSpectrum spectrum, IReadOnlyList<double>? subspaceScales)
    {
        // Nothing of a layer that is all zero is worth keeping, whatever it is measured against.
        if (spectrum.SpectralNorm == 0)
        {
            return Enumerable.Repeat(double.NegativeInfinity, spectrum.SingularValues.Length).ToArray();
        }

        var references = new LayerReferences(
            spectrum.SingularValues,
            spectrum.OutFeatures,
            spectrum.InFeatures,
            spectrum.BaseSpectralNorm,
            spectrum.BaseFrobeniusNorm,
            subspaceScales
        );
        return Scoring.Score(recipe, references);
    }

    private static Dictionary<string, string> WithPeftSettings(Dictionary<string, string> metadata, WrittenScale[] scales, Adapter adapter)
    {
        if (scales.Length > 0 && metadata.TryGetValue(PeftSettings.MetadataKey, out string? settings))
        {
            metadata[PeftSettings.MetadataKey] = PeftOutput.UpdateHeader(settings, scales, adapter.KeptLayers.Count > 0);
        }

        return metadata;
    }

    private static WrittenScale[] ScalesOf(
        IReadOnlyList<OutputPair> pairs,
        IReadOnlyList<int[]> kept,
        IReadOnlyList<AdapterLayer> passedThrough
    ) =>
        [
            .. pairs
                .Select(pair => new WrittenScale(pair.Stored, pair.Layers.Sum(layer => kept[layer].Length), 1))
                .Where(static layer => layer.Rank > 0),
            .. passedThrough.Select(static layer => new WrittenScale(layer, layer.Rank, layer.Scale)),
        ];

    private static SafetensorsLayout LayOut(
        IReadOnlyList<OutputPair> pairs,
        IReadOnlyList<int[]> kept,
        TensorEntry[] copied,
        TensorType type,
        Dictionary<string, string> metadata
    )
    {
        var tensors = new List<(string Name, TensorType Type, IReadOnlyList<long> Shape)>((3 * pairs.Count) + copied.Length);
        foreach (OutputPair pair in pairs)
        {
            int rank = pair.Layers.Sum(layer => kept[layer].Length);
            if (rank > 0)
            {
                tensors.AddRange(pair.Tensors(rank, type));
            }
        }

        tensors.AddRange(copied.Select(static tensor => (tensor.Name, tensor.Type, tensor.Shape)));
        return SafetensorsLayout.Create(tensors, metadata);
    }
}
