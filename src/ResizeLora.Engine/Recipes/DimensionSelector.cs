namespace ResizeLora.Recipes;

/// <summary>Selects dimensions by their scores.</summary>
public static class DimensionSelector
{
    // In decades; 1e-12 of a singular value. A score that went through a power of ten is no more exact.
    private const double Rounding = 4e-13;

    /// <summary>Whether a score is strictly above a threshold; what is equal but for rounding is equal.</summary>
    /// <param name="score">The score.</param>
    /// <param name="threshold">The threshold.</param>
    public static bool IsAbove(double score, double threshold) => score > threshold + Rounding;

    /// <summary>Keeps every dimension whose score is strictly above a threshold.</summary>
    /// <param name="scores">The scores of each layer.</param>
    /// <param name="threshold">The threshold.</param>
    public static DimensionSelection ByThreshold(IReadOnlyList<double[]> scores, double threshold)
    {
        ArgumentNullException.ThrowIfNull(scores);
        int[] Kept(double[] layer) => Enumerable.Range(0, layer.Length).Where(index => IsAbove(layer[index], threshold)).ToArray();
        return new DimensionSelection(threshold, scores.Select(Kept).ToArray());
    }

    /// <summary>
    /// Keeps the dimensions with the highest scores for as long as a size allows: one dimension more would exceed it. Of equal
    /// scores the earlier layer's and the lower dimension's goes first.
    /// </summary>
    /// <param name="scores">The scores of each layer; dimensions at −∞ or NaN are never kept.</param>
    /// <param name="fits">Whether the file that a selection makes is small enough. Must hold for the empty selection.</param>
    public static DimensionSelection BySize(IReadOnlyList<double[]> scores, Func<DimensionSelection, bool> fits)
    {
        var ranking = new DimensionRanking(scores);
        return ranking.Take(MostThatFit(ranking, ranking.Count, fits));
    }

    /// <summary>
    /// Keeps the fewest dimensions, the highest scores first, that are good enough: one dimension less would not be. Where all are not
    /// good enough, all stay. Of a quality and a size the stricter decides.
    /// </summary>
    /// <param name="scores">The scores of each layer; dimensions at −∞ or NaN are never kept.</param>
    /// <param name="isGoodEnough">Whether a selection is; a larger one of a good one is, too.</param>
    /// <param name="fits">Whether the file that a selection makes is small enough; null where any is.</param>
    public static DimensionSelection ByQuality(
        IReadOnlyList<double[]> scores,
        Func<DimensionSelection, bool> isGoodEnough,
        Func<DimensionSelection, bool>? fits = null
    )
    {
        ArgumentNullException.ThrowIfNull(isGoodEnough);
        var ranking = new DimensionRanking(scores);
        int fewest = Largest(ranking.Count, count => !isGoodEnough(ranking.Take(count - 1)));
        return ranking.Take(fits is null ? fewest : MostThatFit(ranking, fewest, fits));
    }

    private static int MostThatFit(DimensionRanking ranking, int count, Func<DimensionSelection, bool> fits)
    {
        ArgumentNullException.ThrowIfNull(fits);
        return Largest(count, middle => fits(ranking.Take(middle)));
    }

    // The largest number from 0 to the highest for which a condition holds that holds for all numbers below it, by bisection. 0 is not
    // asked.
    private static int Largest(int highest, Func<int, bool> holds)
    {
        int below = 0;
        int above = highest + 1;
        while (above - below > 1)
        {
            int middle = (below + above) / 2;
            (below, above) = holds(middle) ? (middle, above) : (below, middle);
        }

        return below;
    }
}
