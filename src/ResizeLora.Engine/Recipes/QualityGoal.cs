namespace ResizeLora.Recipes;

/// <summary>When a selection is good enough for a recipe, by the numbers that a measurement reports of it.</summary>
internal static class QualityGoal
{
    // What is reached but for rounding is reached.
    private const double Rounding = 1e-12;

    /// <summary>Whether a selection is good enough; null where the recipe asks for no quality.</summary>
    /// <param name="cut">The recipe's cut.</param>
    /// <param name="rescale">The recipe's factor on ΔW.</param>
    /// <param name="layers">The layers that are resized.</param>
    public static Func<DimensionSelection, bool>? Of(RankingCut cut, double rescale, IReadOnlyList<LayerReferences> layers)
    {
        if (cut.Retain is { } share)
        {
            double total = EuclideanNorm.Of(layers.Select(static layer => EuclideanNorm.Of(layer.SingularValues)));
            double most = (1 - share) * (1 + Rounding);
            return selection => LostShare(LostBy(selection, layers, static _ => true), total) <= most;
        }

        if (cut.Loss is { } loss)
        {
            double total = EuclideanNorm.Of(layers.Select(static layer => layer.BaseFrobeniusNorm).OfType<double>());
            double most = loss * (1 + Rounding);
            return selection => LostBy(selection, layers, static layer => layer.BaseFrobeniusNorm is not null) * rescale / total <= most;
        }

        return null;
    }

    /// <summary>The share of a squared norm that is lost.</summary>
    /// <param name="lost">The norm of what is lost.</param>
    /// <param name="total">The norm of all.</param>
    public static double LostShare(double lost, double total)
    {
        double ratio = lost / total;
        return ratio * ratio;
    }

    /// <summary>The norm of the singular values that a layer loses.</summary>
    /// <param name="singularValues">σ of the layer.</param>
    /// <param name="kept">The kept dimensions, ascending.</param>
    public static double LostBy(IReadOnlyList<double> singularValues, int[] kept) =>
        EuclideanNorm.Of(singularValues.Where((_, dimension) => Array.BinarySearch(kept, dimension) < 0));

    private static double LostBy(DimensionSelection selection, IReadOnlyList<LayerReferences> layers, Func<LayerReferences, bool> counts) =>
        EuclideanNorm.Of(
            layers
                .Zip(selection.Kept)
                .Where(layer => counts(layer.First))
                .Select(static layer => LostBy(layer.First.SingularValues, layer.Second))
        );
}
