namespace ResizeLora.Recipes;

/// <summary>
/// All dimensions of a file by their scores, the highest first; of equal scores the earlier layer's and the lower dimension's.
/// </summary>
internal sealed class DimensionRanking
{
    private readonly int layerCount;
    private readonly (double Score, int Layer, int Dimension)[] ranking;

    /// <summary>Ranks dimensions.</summary>
    /// <param name="scores">The scores of each layer; dimensions at −∞ or NaN have no rank.</param>
    public DimensionRanking(IReadOnlyList<double[]> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        layerCount = scores.Count;
        ranking = scores
            .SelectMany(
                static (layer, layerIndex) => layer.Select((score, dimension) => (Score: score, Layer: layerIndex, Dimension: dimension))
            )
            .Where(static candidate => candidate.Score > double.NegativeInfinity)
            .OrderByDescending(static candidate => candidate.Score)
            .ThenBy(static candidate => candidate.Layer)
            .ThenBy(static candidate => candidate.Dimension)
            .ToArray();
    }

    /// <summary>How many dimensions may be kept.</summary>
    public int Count => ranking.Length;

    /// <summary>The selection of the first dimensions; its threshold is the score of the next one.</summary>
    /// <param name="count">How many.</param>
    public DimensionSelection Take(int count)
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
