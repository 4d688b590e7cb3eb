namespace ResizeLora.Recipes;

/// <summary>
/// Which singular values stay: weights of scores with a cut (a threshold, a quality, a size), or limits of the ranks, or both.
/// The score of σᵢ is log10(rescale·σᵢ) − Σ_k w_k·log10(ref_k), a weighted geometric mean of σᵢ over its references, in decades; a
/// dimension stays when its score lies above the threshold (elias-gaeros/resize_lora). Without weights the score is log10(rescale·σᵢ).
/// The limits are those of kohya-ss/sd-scripts, and the knee.
/// </summary>
public sealed record ResizeRecipe
{
    /// <summary>The recipe that is used when none is given.</summary>
    public const string DefaultText = "spn_ckpt=1,thr=-1.2";

    /// <summary>A recipe to begin with where there is no base model.</summary>
    public const string DefaultTextWithoutBase = "spn_lora=1,thr=-1";

    private ResizeRecipe(IReadOnlyDictionary<ScoreKind, double> weights, RankingCut cut, double rescale, RankLimits limits)
    {
        Scores = weights;
        Weights = weights.ToDictionary(weight => RecipeKeys.Of(weight.Key), weight => weight.Value, StringComparer.Ordinal);
        Cut = cut;
        Rescale = rescale;
        Limits = limits;
    }

    /// <summary>The weights of the scores by their keys in the grammar, normalised to sum 1; empty where none is given.</summary>
    public IReadOnlyDictionary<string, double> Weights { get; }

    /// <summary>The threshold, a decimal logarithm, or null.</summary>
    public double? Threshold => Cut.Threshold;

    /// <summary>The share of the file's squared Frobenius norm that stays at least, or null.</summary>
    public double? Retain => Cut.Retain;

    /// <summary>The change that is lost at most, relative to the base weights, or null.</summary>
    public double? Loss => Cut.Loss;

    /// <summary>The largest size of the output file in MiB (2²⁰ bytes), or null.</summary>
    public double? SizeMiB => Cut.SizeMiB;

    /// <summary>The largest size of the output file as a share of the input's, or null.</summary>
    public double? Keep => Cut.Keep;

    /// <summary>The factor on ΔW in the output; 1 leaves its strength alone.</summary>
    public double Rescale { get; }

    /// <summary>σ₁ of a layer over its smallest σ that stays, as kohya's <c>sv_ratio</c>, or null.</summary>
    public double? SvRatio => Limits.SvRatio;

    /// <summary>The share of a layer's ‖ΔW‖F that stays, as kohya's <c>sv_fro</c>, or null.</summary>
    public double? SvFro => Limits.SvFro;

    /// <summary>The share of the sum of a layer's σ that stays, as kohya's <c>sv_cumulative</c>, or null.</summary>
    public double? SvCumulative => Limits.SvCumulative;

    /// <summary>Whether each layer is cut at the knee of its spectrum.</summary>
    public bool SvKnee => Limits.SvKnee;

    /// <summary>The version of kohya's tool that its three methods count as; null where none of them is given.</summary>
    public SvCount? SvCount => Limits.IsCounted ? Limits.SvCount ?? Recipes.SvCount.New : null;

    /// <summary>The highest rank of a layer, or null.</summary>
    public int? Rank => Limits.Rank;

    /// <summary>The highest rank of a convolution, or null.</summary>
    public int? ConvRank => Limits.ConvRank;

    /// <summary>The largest size of the output file in bytes by <see cref="SizeMiB"/>, or null.</summary>
    public long? SizeInBytes => Cut.SizeInBytes;

    /// <summary>Whether the norms of the base weights are needed.</summary>
    public bool NeedsBaseNorms =>
        Scores.ContainsKey(ScoreKind.SpectralCheckpoint) || Scores.ContainsKey(ScoreKind.FrobeniusCheckpoint) || Loss is not null;

    /// <summary>Whether scoring needs the base weights themselves.</summary>
    public bool NeedsSubspace => Scores.ContainsKey(ScoreKind.Subspace);

    /// <summary>Whether a checkpoint must be given.</summary>
    public bool NeedsCheckpoint => NeedsBaseNorms || NeedsSubspace;

    /// <summary>The same weights by what they weigh.</summary>
    internal IReadOnlyDictionary<ScoreKind, double> Scores { get; }

    /// <summary>Whether all dimensions of a file are ranked by scores; where they are not, the first ones of each layer stay.</summary>
    internal bool IsRanked => Scores.Count > 0 || Cut.IsFound;

    /// <summary>Where the ranking is cut.</summary>
    internal RankingCut Cut { get; }

    /// <summary>The limits of the ranks.</summary>
    internal RankLimits Limits { get; }

    /// <summary>Makes a recipe from numbers.</summary>
    /// <param name="weights">Weights of scores; zeros are left out, the rest is normalised to sum 1.</param>
    /// <param name="cut">Where the ranking by scores is cut; needed where there are weights.</param>
    /// <param name="rescale">The factor on ΔW, above zero.</param>
    /// <param name="limits">Limits of the ranks, or null.</param>
    /// <exception cref="RecipeException">The numbers do not make a recipe.</exception>
    public static ResizeRecipe Create(
        IReadOnlyDictionary<ScoreKind, double> weights,
        RankingCut cut,
        double rescale = 1,
        RankLimits? limits = null
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(cut);
        limits ??= RankLimits.None;
        string text = string.Join(',', PartsOf(weights.OrderBy(static weight => weight.Key), cut, rescale, limits));
        ResizeRecipe recipe = Create(text, weights, cut, rescale, limits);
        recipe.RequireCut(text);
        return recipe;
    }

    /// <summary>The same recipe with another cut in place of its own.</summary>
    /// <param name="cut">The cut.</param>
    /// <exception cref="RecipeException">The cut is none, or does not go with the recipe.</exception>
    public ResizeRecipe WithCut(RankingCut cut) => Create(Scores, cut, Rescale, Limits);

    /// <summary>Parses a recipe such as <c>spn_ckpt=0.7,params=0.3,size=32</c>.</summary>
    /// <param name="text">Comma-separated keys with their values; a score without one weighs 1. Case and blanks do not count.</param>
    /// <exception cref="RecipeException">
    /// A key is unknown or given twice, a value is not a number, or the parts do not make a recipe.
    /// </exception>
    public static ResizeRecipe Parse(string text)
    {
        ResizeRecipe recipe = ParseOpen(text);
        recipe.RequireCut(text);
        return recipe;
    }

    /// <summary>Parses a recipe that may weigh scores without a cut, which <see cref="WithCut"/> is to give it.</summary>
    /// <param name="text">The recipe.</param>
    /// <exception cref="RecipeException">The text is not valid.</exception>
    public static ResizeRecipe ParseOpen(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parser = new RecipeParser(text);
        return Create(text, parser.Weights, parser.Cut, parser.Rescale, parser.Limits);
    }

    /// <summary>Parses one or several recipes separated by colons.</summary>
    /// <param name="text">The recipes.</param>
    /// <exception cref="RecipeException">One of them is not valid.</exception>
    public static IReadOnlyList<ResizeRecipe> ParseAll(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(':').Select(Parse).ToArray();
    }

    /// <summary>Refuses a recipe that weighs scores and does not say where to cut.</summary>
    /// <exception cref="RecipeException">There is no cut.</exception>
    public void RequireCut() => RequireCut(ToString());

    /// <summary>The recipe in the grammar, with normalised weights; parsing it gives an equal recipe.</summary>
    public override string ToString() => string.Join(',', PartsOf(Scores, Cut, Rescale, Limits));

    /// <summary>Whether two recipes select alike.</summary>
    /// <param name="other">The other recipe.</param>
    public bool Equals(ResizeRecipe? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static IEnumerable<string> PartsOf(
        IEnumerable<KeyValuePair<ScoreKind, double>> weights,
        RankingCut cut,
        double rescale,
        RankLimits limits
    ) =>
        [
            .. weights.Select(static weight => $"{RecipeKeys.Of(weight.Key)}={RecipeNumber.Exact(weight.Value)}"),
            .. rescale == 1 ? (IEnumerable<string>)[] : [$"{RecipeKeys.Rescale}={RecipeNumber.Exact(rescale)}"],
            .. cut.Parts,
            .. limits.Parts,
        ];

    private static ResizeRecipe Create(
        string text,
        IReadOnlyDictionary<ScoreKind, double> weights,
        RankingCut cut,
        double rescale,
        RankLimits limits
    )
    {
        limits.Check(text);
        double sum = weights.Values.Sum();
        if (weights.Values.Any(weight => !double.IsFinite(weight)) || !double.IsFinite(sum))
        {
            throw new RecipeException(text, "a weight, or their sum, is not a finite number.");
        }

        // A threshold says nothing without what it is measured against.
        bool needsNoWeight = weights.Count == 0 && cut.Threshold is null && (cut.IsFound || limits != RankLimits.None);
        if (!(sum > 0) && !needsNoWeight)
        {
            string scores = string.Join(", ", RecipeKeys.Scores.Select(score => score.Key));
            string[] others = [.. RecipeKeys.Cuts.Where(static key => key != RecipeKeys.Threshold), .. RecipeKeys.Limits];
            throw new RecipeException(
                text,
                $"at least one score is needed ({scores}), and the weights must sum to more than zero; "
                    + $"only {RecipeKeys.Listed(others)} do without."
            );
        }

        cut.Check(text);
        if (!(rescale > 0 && double.IsFinite(rescale)))
        {
            throw new RecipeException(text, "'rescale=' must be a number above zero.");
        }

        // Weights that sum to 1 but for rounding stay as they are, so that a recipe's own text gives the recipe back.
        sum = Math.Abs(sum - 1) <= 1e-9 ? 1 : sum;
        Dictionary<ScoreKind, double> normalised = weights
            .Where(weight => weight.Value / sum != 0)
            .OrderBy(weight => weight.Key)
            .ToDictionary(weight => weight.Key, weight => weight.Value / sum);

        // The new count is the default and is not spelled out.
        RankLimits shortest = limits.SvCount == Recipes.SvCount.New ? limits with { SvCount = null } : limits;
        return new ResizeRecipe(normalised, cut, rescale, shortest);
    }

    private void RequireCut(string text)
    {
        if (Scores.Count > 0 && Cut == RankingCut.None)
        {
            string cuts = string.Join(", ", RecipeKeys.Cuts.SkipLast(1).Select(static key => $"'{key}='"));
            string missing = $"it needs {cuts} or '{RecipeKeys.Cuts[^1]}='";
            throw new RecipeException(
                text,
                Limits == RankLimits.None ? $"{missing}." : $"it weighs scores but does not say where to cut them: {missing}, or no score."
            );
        }
    }
}
