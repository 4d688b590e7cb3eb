namespace ResizeLora.Recipes;

/// <summary>
/// How many dimensions a layer keeps at most, whatever their scores: kohya's caps and dynamic methods. Without scores they are
/// the whole selection, and the first dimensions stay; with scores the stricter of the two decides.
/// </summary>
public sealed record RankLimits
{
    /// <summary>No limit.</summary>
    public static RankLimits None { get; } = new();

    /// <summary><c>sv_ratio</c>: keep σ above σ₁/ratio; at least 1.</summary>
    public double? SvRatio { get; init; }

    /// <summary><c>sv_fro</c>: keep this share of ‖ΔW‖F; above 0, at most 1.</summary>
    public double? SvFro { get; init; }

    /// <summary><c>sv_cumulative</c>: keep this share of the sum of all σ; above 0, at most 1.</summary>
    public double? SvCumulative { get; init; }

    /// <summary><c>sv_count</c>: the version of kohya's tool that the three count as; null for the new one.</summary>
    public SvCount? SvCount { get; init; }

    /// <summary><c>rank</c>: the highest rank of a layer; of convolutions too unless <see cref="ConvRank"/> is given.</summary>
    public int? Rank { get; init; }

    /// <summary><c>conv_rank</c>: the highest rank of a convolution, whatever its kernel.</summary>
    public int? ConvRank { get; init; }

    /// <summary>The dynamic method and its parameter, or null.</summary>
    public (DynamicMethod Method, double Parameter)? Dynamic =>
        (SvRatio, SvFro, SvCumulative) switch
        {
            ({ } ratio, _, _) => (DynamicMethod.SingularValueRatio, ratio),
            (_, { } share, _) => (DynamicMethod.FrobeniusShare, share),
            (_, _, { } share) => (DynamicMethod.CumulativeShare, share),
            _ => null,
        };

    /// <summary>The dimensions of a layer that stay where no score is asked: the first so many.</summary>
    /// <param name="singularValues">σ of B·A, descending, at least one; kohya's tool looks at the product without alpha/rank.</param>
    /// <param name="isConvolution">Whether the layer is a convolution.</param>
    public int[] Select(IReadOnlyList<double> singularValues, bool isConvolution)
    {
        int count = DynamicRank.IsEmpty(singularValues) ? 1 : CountOf(singularValues);
        return Enumerable.Range(0, Math.Min(count, CapOf(isConvolution))).ToArray();
    }

    /// <summary>
    /// The scores of a layer with −∞, which nothing keeps, for each dimension beyond the limits: a dynamic method leaves the
    /// first dimensions, and of those a cap leaves the best by score.
    /// </summary>
    /// <param name="scores">The scores.</param>
    /// <param name="singularValues">σ of B·A, as many.</param>
    /// <param name="isConvolution">Whether the layer is a convolution.</param>
    public double[] LimitRank(double[] scores, IReadOnlyList<double> singularValues, bool isConvolution)
    {
        ArgumentNullException.ThrowIfNull(scores);
        HashSet<int> allowed = Enumerable
            .Range(0, CountOf(singularValues))
            .OrderByDescending(dimension => scores[dimension])
            .ThenBy(static dimension => dimension)
            .Take(CapOf(isConvolution))
            .ToHashSet();
        return scores.Select((score, dimension) => allowed.Contains(dimension) ? score : double.NegativeInfinity).ToArray();
    }

    private int CountOf(IReadOnlyList<double> singularValues) =>
        Dynamic is { } dynamic
            ? DynamicRank.Of(dynamic.Method, dynamic.Parameter, singularValues, SvCount ?? Recipes.SvCount.New)
            : singularValues.Count;

    private int CapOf(bool isConvolution) => (isConvolution ? ConvRank ?? Rank : Rank) ?? int.MaxValue;
}
