namespace ResizeLora.Recipes;

/// <summary>
/// How many dimensions a layer keeps at most, whatever their scores: kohya's caps and dynamic methods, and the knee. Without scores they
/// are the whole selection, and the first dimensions stay; with scores the stricter of the two decides.
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

    /// <summary><c>sv_knee</c>: keep σ up to the knee of the spectrum.</summary>
    public bool SvKnee { get; init; }

    /// <summary><c>sv_count</c>: the version of kohya's tool that its three methods count as; null for the new one.</summary>
    public SvCount? SvCount { get; init; }

    /// <summary><c>rank</c>: the highest rank of a layer; of convolutions too unless <see cref="ConvRank"/> is given.</summary>
    public int? Rank { get; init; }

    /// <summary><c>conv_rank</c>: the highest rank of a convolution, whatever its kernel.</summary>
    public int? ConvRank { get; init; }

    /// <summary>The dynamic method and its parameter, or null; the knee takes none.</summary>
    public (DynamicMethod Method, double Parameter)? Dynamic =>
        (SvRatio, SvFro, SvCumulative, SvKnee) switch
        {
            ({ } ratio, _, _, _) => (DynamicMethod.SingularValueRatio, ratio),
            (_, { } share, _, _) => (DynamicMethod.FrobeniusShare, share),
            (_, _, { } share, _) => (DynamicMethod.CumulativeShare, share),
            (_, _, _, true) => (DynamicMethod.Knee, 0),
            _ => null,
        };

    /// <summary>Whether <see cref="SvCount"/> makes a difference.</summary>
    internal bool IsCounted => Dynamic is { Method: not DynamicMethod.Knee };

    /// <summary>The parts of the grammar, in the order in which recipes are printed.</summary>
    internal IEnumerable<string> Parts
    {
        get
        {
            static string? Part(string key, double? value) => value is { } number ? $"{key}={RecipeNumber.Exact(number)}" : null;
            string?[] parts =
            [
                Part(RecipeKeys.SvRatio, SvRatio),
                Part(RecipeKeys.SvFro, SvFro),
                Part(RecipeKeys.SvCumulative, SvCumulative),
                SvKnee ? RecipeKeys.SvKnee : null,
                SvCount is { } count ? $"{RecipeKeys.SvCount}={RecipeKeys.Of(count)}" : null,
                Part(RecipeKeys.Rank, Rank),
                Part(RecipeKeys.ConvRank, ConvRank),
            ];
            return parts.OfType<string>();
        }
    }

    /// <summary>A rank is no number of dimensions.</summary>
    /// <param name="text">The recipe.</param>
    /// <param name="key">The key of the rank.</param>
    internal static RecipeException NoRank(string text, string key) => new(text, $"'{key}=' must be a whole number of at least 1.");

    /// <summary>Refuses numbers that are no limits, and methods that exclude each other.</summary>
    /// <param name="text">The recipe, for the message.</param>
    /// <exception cref="RecipeException">They make no recipe.</exception>
    internal void Check(string text)
    {
        string[] dynamic = Parts.Select(static part => part.Split('=')[0]).Where(RecipeKeys.Dynamic.Contains).ToArray();
        if (dynamic.Length > 1)
        {
            throw new RecipeException(text, $"{string.Join(" and ", dynamic.Select(Quoted))} exclude each other.");
        }

        if (SvCount is not null && !IsCounted)
        {
            throw new RecipeException(
                text,
                $"'{RecipeKeys.SvCount}=' says how {RecipeKeys.Listed(RecipeKeys.Counted)} count, and needs one of them beside it."
            );
        }

        if (SvRatio is { } ratio && !(ratio >= 1))
        {
            throw new RecipeException(
                text,
                "'sv_ratio=' is the largest singular value over the smallest that stays, a number of at least 1."
            );
        }

        if ((SvFro ?? SvCumulative) is { } share && !(share > 0 && share <= 1))
        {
            throw new RecipeException(text, $"{Quoted(dynamic[0])} is a share, a number above 0 and not above 1.");
        }

        if (Rank < 1 || ConvRank < 1)
        {
            throw NoRank(text, Rank < 1 ? RecipeKeys.Rank : RecipeKeys.ConvRank);
        }
    }

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
    /// <returns>The scores as they were given where nothing is limited, else new ones.</returns>
    public double[] LimitRank(double[] scores, IReadOnlyList<double> singularValues, bool isConvolution)
    {
        ArgumentNullException.ThrowIfNull(scores);
        int count = CountOf(singularValues);
        int cap = CapOf(isConvolution);
        if (Math.Min(count, cap) >= scores.Length)
        {
            return scores;
        }

        HashSet<int> allowed = Enumerable
            .Range(0, count)
            .OrderByDescending(dimension => scores[dimension])
            .ThenBy(static dimension => dimension)
            .Take(cap)
            .ToHashSet();
        return scores.Select((score, dimension) => allowed.Contains(dimension) ? score : double.NegativeInfinity).ToArray();
    }

    private static string Quoted(string key) => key == RecipeKeys.SvKnee ? $"'{key}'" : $"'{key}='";

    private int CountOf(IReadOnlyList<double> singularValues) =>
        Dynamic is { } dynamic
            ? DynamicRank.Of(dynamic.Method, dynamic.Parameter, singularValues, SvCount ?? Recipes.SvCount.New)
            : singularValues.Count;

    private int CapOf(bool isConvolution) => (isConvolution ? ConvRank ?? Rank : Rank) ?? int.MaxValue;
}
