namespace ResizeLora.Recipes;

/// <summary>Quantiles of scores, at the shares that the reference program prints.</summary>
public static class ScoreQuantile
{
    /// <summary>The shares of dimensions whose score lies below the quantile.</summary>
    public static IReadOnlyList<double> Shares { get; } = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];

    /// <summary>The quantiles of all layers' scores, interpolated between neighbours as torch.quantile does.</summary>
    /// <param name="scores">The scores of each layer.</param>
    /// <returns>One number for each of <see cref="Shares"/>; none when there is no finite score.</returns>
    public static IReadOnlyList<double> Of(IEnumerable<double[]> scores)
    {
        double[] sorted = scores.SelectMany(static layer => layer).Where(double.IsFinite).ToArray();
        Array.Sort(sorted);
        return sorted.Length == 0
            ? []
            : Shares
                .Select(share =>
                {
                    double position = share * (sorted.Length - 1);
                    int below = (int)position;
                    int above = Math.Min(below + 1, sorted.Length - 1);
                    return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
                })
                .ToArray();
    }
}
