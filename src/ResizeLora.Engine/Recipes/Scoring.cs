namespace ResizeLora.Recipes;

/// <summary>The score arithmetic of recipes.</summary>
public static class Scoring
{
    /// <summary>Scores every dimension of a layer: log10(rescale·σᵢ) − Σ_k w_k·log10(ref_k).</summary>
    /// <param name="recipe">The weights and the rescale.</param>
    /// <param name="layer">The layer's numbers; those that the recipe weighs must be there.</param>
    /// <returns>One score for each σ; −∞ for σ = 0, which no threshold keeps.</returns>
    /// <exception cref="InvalidOperationException">A reference that the recipe weighs is missing.</exception>
    public static double[] Score(ResizeRecipe recipe, LayerReferences layer)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(layer);
        double[] scores = new double[layer.SingularValues.Count];
        double common = DecimalLogarithm.Of(recipe.Rescale);
        foreach ((ScoreKind kind, double weight) in recipe.Scores)
        {
            if (kind != ScoreKind.Subspace)
            {
                common -= weight * DecimalLogarithm.Of(ReferenceOf(kind, layer));
            }
        }

        double subspaceWeight = recipe.Scores.GetValueOrDefault(ScoreKind.Subspace);
        for (int index = 0; index < scores.Length; index++)
        {
            double singularValue = layer.SingularValues[index];
            double subspace =
                subspaceWeight == 0 ? 0 : subspaceWeight * DecimalLogarithm.Of(Require(layer.SubspaceScales?[index], ScoreKind.Subspace));
            scores[index] = singularValue > 0 ? DecimalLogarithm.Of(singularValue) + common - subspace : double.NegativeInfinity;
        }

        return scores;
    }

    private static double ReferenceOf(ScoreKind kind, LayerReferences layer) =>
        kind switch
        {
            ScoreKind.SpectralCheckpoint => Require(layer.BaseSpectralNorm, kind),
            ScoreKind.FrobeniusCheckpoint => Require(layer.BaseFrobeniusNorm, kind),
            ScoreKind.SpectralLora => layer.SingularValues[0],
            ScoreKind.FrobeniusLora => EuclideanNorm.Of(layer.SingularValues),
            _ => layer.OutFeatures + layer.InFeatures,
        };

    private static double Require(double? reference, ScoreKind kind) =>
        reference ?? throw new InvalidOperationException($"The reference of '{RecipeKeys.Of(kind)}' was not computed.");
}
