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
        var output = new OutputPlanner(adapter, spectra, passedThrough, making);
        double[][] scores = recipe.HasScores ? layers.Select(layer => Score(recipe, layer.Spectrum, layer.SubspaceScales)).ToArray() : [];
        double[][] allowed = scores
            .Zip(spectra, (layer, spectrum) => recipe.Limits.LimitRank(layer, spectrum.ProductSingularValues, IsConvolution(spectrum)))
            .ToArray();
        DimensionSelection chosen;
        if (!recipe.HasScores)
        {
            chosen = new DimensionSelection(
                null,
                spectra.Select(spectrum => recipe.Limits.Select(spectrum.ProductSingularValues, IsConvolution(spectrum))).ToArray()
            );
        }
        else if (recipe.SizeInBytes is { } limit)
        {
            chosen = DimensionSelector.BySize(allowed, selection => output.LayOut(selection).FileLength <= limit);
            if (output.LayOut(chosen).FileLength is long length && length > limit)
            {
                throw OutputException.SizeTooSmall(adapter.Path, recipe.ToString(), limit, length);
            }
        }
        else
        {
            chosen = DimensionSelector.ByThreshold(allowed, recipe.Threshold!.Value);
        }

        IReadOnlyList<double> quantiles = ScoreQuantile.Of(scores);
        return output.Plan(chosen, quantiles, lostOf, cancellationToken);
    }

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
}
