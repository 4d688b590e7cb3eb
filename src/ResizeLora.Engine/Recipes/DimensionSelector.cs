namespace ResizeLora.Recipes;

/// <summary>Selects dimensions by their scores.</summary>
public static class DimensionSelector
{
    /// <summary>Keeps every dimension whose score is strictly above a threshold.</summary>
    /// <param name="scores">The scores of each layer.</param>
    /// <param name="threshold">The threshold.</param>
    public static DimensionSelection ByThreshold(IReadOnlyList<double[]> scores, double threshold)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return new DimensionSelection(threshold, scores.Select(layer => Enumerable.Range(0, layer.Length).Where(index => layer[index] > threshold).ToArray()).ToArray());
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
            .SelectMany(static (layer, layerIndex) => layer.Select((score, dimension) => (Score: score, Layer: layerIndex, Dimension: dimension)))
            .Where(static candidate => candidate.Score > double.NegativeInfinity)
            .OrderByDescending(static candidate => candidate.Score).ThenBy(static candidate => candidate.Layer).ThenBy(static candidate => candidate.Dimension)
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
