using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>
/// Which singular values stay: weights of scores with either a threshold or a target size, or limits of the ranks, or both.
/// The score of σᵢ is log10(rescale·σᵢ) − Σ_k w_k·log10(ref_k), a weighted geometric mean of σᵢ over its references, in decades; a
/// dimension
/// stays when its score lies above the threshold (elias-gaeros/resize_lora). The limits are those of kohya-ss/sd-scripts.
/// </summary>
public sealed record ResizeRecipe
{
    /// <summary>The recipe that is used when none is given.</summary>
    public const string DefaultText = "spn_ckpt=1,thr=-1.2";

    /// <summary>A recipe to begin with where there is no base model.</summary>
    public const string DefaultTextWithoutBase = "spn_lora=1,thr=-1";

    private ResizeRecipe(
        IReadOnlyDictionary<ScoreKind, double> weights,
        double? threshold,
        double? sizeMiB,
        double rescale,
        RankLimits limits
    )
    {
        Scores = weights;
        Weights = weights.ToDictionary(weight => RecipeKeys.Of(weight.Key), weight => weight.Value, StringComparer.Ordinal);
        Threshold = threshold;
        SizeMiB = sizeMiB;
        Rescale = rescale;
        Limits = limits;
    }

    /// <summary>The weights of the scores by their keys in the grammar, normalised to sum 1; empty where limits alone select.</summary>
    public IReadOnlyDictionary<string, double> Weights { get; }

    /// <summary>The threshold, a decimal logarithm; null when a size is asked for, or no score.</summary>
    public double? Threshold { get; }

    /// <summary>The largest size of the output file in MiB (2²⁰ bytes); null when a threshold is given, or no score.</summary>
    public double? SizeMiB { get; }

    /// <summary>The factor on ΔW in the output; 1 leaves its strength alone.</summary>
    public double Rescale { get; }

    /// <summary>σ₁ of a layer over its smallest σ that stays, as kohya's <c>sv_ratio</c>, or null.</summary>
    public double? SvRatio => Limits.SvRatio;

    /// <summary>The share of a layer's ‖ΔW‖F that stays, as kohya's <c>sv_fro</c>, or null.</summary>
    public double? SvFro => Limits.SvFro;

    /// <summary>The share of the sum of a layer's σ that stays, as kohya's <c>sv_cumulative</c>, or null.</summary>
    public double? SvCumulative => Limits.SvCumulative;

    /// <summary>The version of kohya's tool that the three count as; null where none of them is given.</summary>
    public SvCount? SvCount => Limits.Dynamic is null ? null : Limits.SvCount ?? Recipes.SvCount.New;

    /// <summary>The highest rank of a layer, or null.</summary>
    public int? Rank => Limits.Rank;

    /// <summary>The highest rank of a convolution, or null.</summary>
    public int? ConvRank => Limits.ConvRank;

    /// <summary>The largest size of the output file in bytes, or null.</summary>
    public long? SizeInBytes => SizeMiB is { } size ? (long)Math.Floor(Math.Min(size * (1 << 20), long.MaxValue / 2)) : null;

    /// <summary>Whether scoring needs the norms of the base weights.</summary>
    public bool NeedsBaseNorms => Scores.ContainsKey(ScoreKind.SpectralCheckpoint) || Scores.ContainsKey(ScoreKind.FrobeniusCheckpoint);

    /// <summary>Whether scoring needs the base weights themselves.</summary>
    public bool NeedsSubspace => Scores.ContainsKey(ScoreKind.Subspace);

    /// <summary>Whether a checkpoint must be given.</summary>
    public bool NeedsCheckpoint => NeedsBaseNorms || NeedsSubspace;

    /// <summary>The same weights by what they weigh.</summary>
    internal IReadOnlyDictionary<ScoreKind, double> Scores { get; }

    /// <summary>Whether dimensions are scored at all; where they are not, the first ones stay.</summary>
    internal bool HasScores => Scores.Count > 0;

    /// <summary>The limits of the ranks.</summary>
    internal RankLimits Limits { get; }

    /// <summary>Makes a recipe from numbers.</summary>
    /// <param name="weights">Weights of scores; zeros are left out, the rest is normalised to sum 1.</param>
    /// <param name="threshold">The threshold, or null.</param>
    /// <param name="sizeMiB">The size in MiB, or null; exactly one of the two is given with scores, and none without.</param>
    /// <param name="rescale">The factor on ΔW, above zero.</param>
    /// <param name="limits">Limits of the ranks, or null; needed where there are no scores.</param>
    /// <exception cref="RecipeException">The numbers do not make a recipe.</exception>
    public static ResizeRecipe Create(
        IReadOnlyDictionary<ScoreKind, double> weights,
        double? threshold,
        double? sizeMiB,
        double rescale = 1,
        RankLimits? limits = null
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        limits ??= RankLimits.None;
        IEnumerable<string> parts = weights.Select(weight => $"{RecipeKeys.Of(weight.Key)}={RecipeNumber.Exact(weight.Value)}");
        parts = threshold is { } thr ? parts.Append($"{RecipeKeys.Threshold}={RecipeNumber.Exact(thr)}") : parts;
        parts = sizeMiB is { } size ? parts.Append($"{RecipeKeys.Size}={RecipeNumber.Exact(size)}") : parts;
        return Create(string.Join(',', parts.Concat(PartsOf(limits))), weights, threshold, sizeMiB, rescale, limits);
    }

    /// <summary>The same recipe with a threshold in place of its own, or of its size.</summary>
    /// <param name="threshold">The threshold.</param>
    /// <exception cref="RecipeException">The threshold is not a number.</exception>
    public ResizeRecipe WithThreshold(double threshold) => Create(Scores, threshold, null, Rescale, Limits);

    /// <summary>The same recipe with a size in place of its own, or of its threshold.</summary>
    /// <param name="sizeMiB">The size in MiB.</param>
    /// <exception cref="RecipeException">The size is not a number above zero.</exception>
    public ResizeRecipe WithSize(double sizeMiB) => Create(Scores, null, sizeMiB, Rescale, Limits);

    /// <summary>Parses a recipe such as <c>spn_ckpt=0.7,params=0.3,size=32</c>.</summary>
    /// <param name="text">Comma-separated keys with their values; a score without one weighs 1. Case and blanks do not count.</param>
    /// <exception cref="RecipeException">
    /// A key is unknown or given twice, a value is not a number, or the parts do not make a recipe.
    /// </exception>
    public static ResizeRecipe Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in text.Split(','))
        {
            string[] sides = part.Split('=', 2);
            string key = sides[0].Trim().ToLowerInvariant();
            if (!RecipeKeys.All.Contains(key))
            {
                throw new RecipeException(
                    text,
                    key.Length == 0
                        ? $"a key is missing; the keys are {string.Join(", ", RecipeKeys.All)}."
                        : $"there is no key '{sides[0].Trim()}'; the nearest is '{RecipeKeys.Nearest(key)}'."
                );
            }

            if (!values.TryAdd(key, sides.Length == 2 ? sides[1].Trim() : string.Empty))
            {
                throw new RecipeException(text, $"the key '{key}' is given twice.");
            }
        }

        double? Optional(string key) => values.TryGetValue(key, out string? value) ? ParseNumber(text, key, value) : null;
        int? OptionalRank(string key) =>
            Optional(key) is not { } rank ? null
            : rank >= 1 && rank <= int.MaxValue && rank == Math.Floor(rank) ? (int)rank
            : throw NoRank(text, key);
        var weights = new Dictionary<ScoreKind, double>();
        foreach ((ScoreKind kind, string key) in RecipeKeys.Scores)
        {
            if (Optional(key) is { } weight)
            {
                weights.Add(kind, weight);
            }
        }

        var limits = new RankLimits
        {
            SvRatio = Optional(RecipeKeys.SvRatio),
            SvFro = Optional(RecipeKeys.SvFro),
            SvCumulative = Optional(RecipeKeys.SvCumulative),
            Rank = OptionalRank(RecipeKeys.Rank),
            ConvRank = OptionalRank(RecipeKeys.ConvRank),
            SvCount = values.TryGetValue(RecipeKeys.SvCount, out string? count) ? ParseSvCount(text, count) : null,
        };
        return Create(text, weights, Optional(RecipeKeys.Threshold), Optional(RecipeKeys.Size), Optional(RecipeKeys.Rescale) ?? 1, limits);
    }

    /// <summary>Parses one or several recipes separated by colons.</summary>
    /// <param name="text">The recipes.</param>
    /// <exception cref="RecipeException">One of them is not valid.</exception>
    public static IReadOnlyList<ResizeRecipe> ParseAll(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(':').Select(Parse).ToArray();
    }

    /// <summary>The recipe in the grammar, with normalised weights; parsing it gives an equal recipe.</summary>
    public override string ToString()
    {
        IEnumerable<string> parts = Weights.Select(weight => $"{weight.Key}={RecipeNumber.Exact(weight.Value)}");
        parts = Rescale != 1 ? parts.Append($"{RecipeKeys.Rescale}={RecipeNumber.Exact(Rescale)}") : parts;
        parts = Threshold is { } threshold ? parts.Append($"{RecipeKeys.Threshold}={RecipeNumber.Exact(threshold)}") : parts;
        parts = SizeMiB is { } size ? parts.Append($"{RecipeKeys.Size}={RecipeNumber.Exact(size)}") : parts;
        return string.Join(',', parts.Concat(PartsOf(Limits)));
    }

    /// <summary>Whether two recipes select alike.</summary>
    /// <param name="other">The other recipe.</param>
    public bool Equals(ResizeRecipe? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static ResizeRecipe Create(
        string text,
        IReadOnlyDictionary<ScoreKind, double> weights,
        double? threshold,
        double? sizeMiB,
        double rescale,
        RankLimits limits
    )
    {
        CheckLimits(text, limits);
        double sum = weights.Values.Sum();
        if (weights.Values.Any(weight => !double.IsFinite(weight)) || !double.IsFinite(sum))
        {
            throw new RecipeException(text, "a weight, or their sum, is not a finite number.");
        }

        bool byLimitsAlone = weights.Count == 0 && threshold is null && sizeMiB is null && limits != RankLimits.None;
        if (!(sum > 0) && !byLimitsAlone)
        {
            string scores = string.Join(", ", RecipeKeys.Scores.Select(score => score.Key));
            throw new RecipeException(
                text,
                $"at least one score is needed ({scores}), and the weights must sum to more than zero; "
                    + $"only {Listed(RecipeKeys.Limits)} do without."
            );
        }

        if (threshold is null == sizeMiB is null && !byLimitsAlone)
        {
            string missing =
                limits == RankLimits.None
                    ? "it needs 'thr=' or 'size='."
                    : "it weighs scores but does not say where to cut them: it needs 'thr=' or 'size=', or no score.";
            throw new RecipeException(text, threshold is null ? missing : "'thr=' and 'size=' exclude each other.");
        }

        if (threshold is { } thr && double.IsNaN(thr))
        {
            throw new RecipeException(text, "'thr=' is not a number.");
        }

        if (sizeMiB is { } size && !(size > 0 && double.IsFinite(size)))
        {
            throw new RecipeException(text, "'size=' must be a number of MiB above zero.");
        }

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
        return new ResizeRecipe(normalised, threshold, sizeMiB, rescale, shortest);
    }

    private static void CheckLimits(string text, RankLimits limits)
    {
        string[] dynamic = PartsOf(limits)
            .Select(static part => part.Split('=')[0])
            .Where(RecipeKeys.Dynamic.Contains)
            .Select(static key => $"'{key}='")
            .ToArray();
        if (dynamic.Length > 1)
        {
            throw new RecipeException(text, $"{string.Join(" and ", dynamic)} exclude each other.");
        }

        if (limits.SvCount is not null && dynamic.Length == 0)
        {
            throw new RecipeException(
                text,
                $"'{RecipeKeys.SvCount}=' says how {Listed(RecipeKeys.Dynamic)} count, and needs one of them beside it."
            );
        }

        if (limits.SvRatio is { } ratio && !(ratio >= 1))
        {
            throw new RecipeException(
                text,
                "'sv_ratio=' is the largest singular value over the smallest that stays, a number of at least 1."
            );
        }

        if ((limits.SvFro ?? limits.SvCumulative) is { } share && !(share > 0 && share <= 1))
        {
            throw new RecipeException(text, $"{dynamic[0]} is a share, a number above 0 and not above 1.");
        }

        if (limits.Rank < 1 || limits.ConvRank < 1)
        {
            throw NoRank(text, limits.Rank < 1 ? RecipeKeys.Rank : RecipeKeys.ConvRank);
        }
    }

    private static RecipeException NoRank(string text, string key) => new(text, $"'{key}=' must be a whole number of at least 1.");

    private static string Listed(IReadOnlyList<string> keys) => $"{string.Join(", ", keys.Take(keys.Count - 1))} and {keys[^1]}";

    private static IEnumerable<string> PartsOf(RankLimits limits)
    {
        (string Key, string? Value)[] parts =
        [
            (RecipeKeys.SvRatio, Exact(limits.SvRatio)),
            (RecipeKeys.SvFro, Exact(limits.SvFro)),
            (RecipeKeys.SvCumulative, Exact(limits.SvCumulative)),
            (RecipeKeys.SvCount, limits.SvCount is { } count ? RecipeKeys.Of(count) : null),
            (RecipeKeys.Rank, Exact(limits.Rank)),
            (RecipeKeys.ConvRank, Exact(limits.ConvRank)),
        ];
        return parts.Where(static part => part.Value is not null).Select(static part => $"{part.Key}={part.Value}");

        static string? Exact(double? value) => value is { } number ? RecipeNumber.Exact(number) : null;
    }

    private static SvCount ParseSvCount(string text, string value)
    {
        int index = RecipeKeys.SvCounts.ToList().IndexOf(value.ToLowerInvariant());
        return index >= 0
            ? Enum.GetValues<SvCount>()[index]
            : throw new RecipeException(
                text,
                $"'{RecipeKeys.SvCount}=' is 'new' (kohya's script since pull request 2194) or 'old' (before it), not '{value}'."
            );
    }

    private static double ParseNumber(string text, string key, string value)
    {
        bool isScore = RecipeKeys.Scores.Any(score => score.Key == key);
        if (value.Length == 0)
        {
            return isScore ? 1 : throw new RecipeException(text, $"the key '{key}' needs a value.");
        }

        return value.ToLowerInvariant() switch
        {
            "inf" or "+inf" or "infinity" or "+infinity" => double.PositiveInfinity,
            "-inf" or "-infinity" => double.NegativeInfinity,
            _ => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                ? number
                : throw new RecipeException(text, $"the value '{value}' of '{key}' is not a number."),
        };
    }
}
