using ResizeLora.Adapters;
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
    /// <param name="lostOf">What a layer loses by dropping dimensions, where that is not their length alone; null elsewhere.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="OutputException">The recipe's size is less than what the file needs without any layer.</exception>
    public static ResizePlan Plan(
        Adapter adapter,
        IReadOnlyList<(LayerSpectrum Spectrum, IReadOnlyList<double>? SubspaceScales)> layers,
        IReadOnlyList<AdapterLayer> passedThrough,
        OutputMaking making,
        Func<LayerSpectrum, int[], double?> lostOf,
        CancellationToken cancellationToken
    )
    {
        ResizeRecipe recipe = making.Recipe;
        LayerSpectrum[] spectra = layers.Select(static layer => layer.Spectrum).ToArray();
        LayerReferences[] references = layers.Select(static layer => ReferencesOf(layer.Spectrum, layer.SubspaceScales)).ToArray();
        var output = new OutputPlanner(adapter, spectra, passedThrough, making);
        double[][] scores = recipe.IsRanked ? Array.ConvertAll(references, layer => Score(recipe, layer)) : [];
        DimensionSelection chosen = recipe.IsRanked
            ? Cut(adapter, recipe, references, LimitRanks(recipe, scores, spectra), output)
            : new DimensionSelection(
                null,
                spectra.Select(spectrum => recipe.Limits.Select(spectrum.ProductSingularValues, IsConvolution(spectrum))).ToArray()
            );
        return output.Plan(chosen, ScoreQuantile.Of(scores), lostOf, cancellationToken);
    }

    /// <summary>How many dimensions of a layer a recipe writes, the first ones.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="spectrum">The layer.</param>
    /// <returns>The number; null where it takes the other layers to know it, or the singular vectors.</returns>
    public static int? CountOf(ResizeRecipe recipe, LayerSpectrum spectrum)
    {
        bool isKnown = !recipe.NeedsSubspace && spectrum.Effect is null && (!recipe.IsRanked || recipe.Threshold is not null);
        if (!isKnown)
        {
            return null;
        }

        if (!recipe.IsRanked)
        {
            return recipe.Limits.Select(spectrum.ProductSingularValues, IsConvolution(spectrum)).Length;
        }

        if (recipe.NeedsCheckpoint && spectrum.BaseFrobeniusNorm is null)
        {
            return 0;
        }

        double[] scores = Score(recipe, ReferencesOf(spectrum, null));
        double[][] allowed = LimitRanks(recipe, [scores], [spectrum]);
        int[] kept = DimensionSelector.ByThreshold(allowed, recipe.Threshold!.Value).Kept[0];
        return kept.Length == 0 ? 0 : kept.Max() + 1;
    }

    private static DimensionSelection Cut(
        Adapter adapter,
        ResizeRecipe recipe,
        LayerReferences[] references,
        double[][] allowed,
        OutputPlanner output
    )
    {
        if (recipe.Threshold is { } threshold)
        {
            return DimensionSelector.ByThreshold(allowed, threshold);
        }

        long? limit = recipe.Cut.LimitOf(adapter.File.Length);
        bool Fits(DimensionSelection selection) => limit is null || output.LayOut(selection).FileLength <= limit;
        Func<DimensionSelection, bool>? isGoodEnough = QualityGoal.Of(recipe.Cut, recipe.Rescale, references);
        DimensionSelection chosen = isGoodEnough is null
            ? DimensionSelector.BySize(allowed, Fits)
            : DimensionSelector.ByQuality(allowed, isGoodEnough, limit is null ? null : Fits);
        return Fits(chosen)
            ? chosen
            : throw OutputException.SizeTooSmall(adapter.Path, recipe.ToString(), limit!.Value, output.LayOut(chosen).FileLength);
    }

    private static double[][] LimitRanks(ResizeRecipe recipe, double[][] scores, LayerSpectrum[] spectra) =>
        scores
            .Zip(spectra, (layer, spectrum) => recipe.Limits.LimitRank(layer, spectrum.ProductSingularValues, IsConvolution(spectrum)))
            .ToArray();

    private static bool IsConvolution(LayerSpectrum spectrum) => spectrum.Kind != LayerKind.Linear;

    // Nothing of a layer that is all zero is worth keeping, whatever it is measured against.
    private static double[] Score(ResizeRecipe recipe, LayerReferences layer) =>
        layer.SingularValues[0] == 0
            ? Enumerable.Repeat(double.NegativeInfinity, layer.SingularValues.Count).ToArray()
            : Scoring.Score(recipe, layer);

    private static LayerReferences ReferencesOf(LayerSpectrum spectrum, IReadOnlyList<double>? subspaceScales) =>
        new(
            spectrum.SingularValues,
            spectrum.OutFeatures,
            spectrum.InFeatures,
            spectrum.BaseSpectralNorm,
            spectrum.BaseFrobeniusNorm,
            subspaceScales
        );
}
