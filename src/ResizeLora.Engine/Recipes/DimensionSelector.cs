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
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(fits);
        (double Score, int Layer, int Dimension)[] ranking = scores
            .SelectMany(
                static (layer, layerIndex) => layer.Select((score, dimension) => (Score: score, Layer: layerIndex, Dimension: dimension))
            )
            .Where(static candidate => candidate.Score > double.NegativeInfinity)
            .OrderByDescending(static candidate => candidate.Score)
            .ThenBy(static candidate => candidate.Layer)
            .ThenBy(static candidate => candidate.Dimension)
            .ToArray();

        // Invariant: the first `fitting` candidates fit, the first `exceeding` do not (or there are not so many).
        int fitting = 0;
        int exceeding = ranking.Length + 1;
        while (exceeding - fitting > 1)
        {
            int middle = (fitting + exceeding) / 2;
            (fitting, exceeding) = fits(Take(scores.Count, ranking, middle)) ? (middle, exceeding) : (fitting, middle);
        }

        return Take(scores.Count, ranking, fitting);
    }

    private static DimensionSelection Take(int layerCount, (double Score, int Layer, int Dimension)[] ranking, int count)
    {
        var kept = new List<int>[layerCount];
        for (int layer = 0; layer < layerCount; layer++)
        {
            kept[layer] = [];
        }

        foreach ((_, int layer, int dimension) in ranking.AsSpan(0, count))
        {
            kept[layer].Add(dimension);
        }

        double threshold = count < ranking.Length ? ranking[count].Score : double.NegativeInfinity;
        return new DimensionSelection(threshold, kept.Select(static dimensions => dimensions.Order().ToArray()).ToArray());
    }
}
