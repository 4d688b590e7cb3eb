using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>
/// Which singular values stay: weights of scores, and either a threshold or a target size. The score of σᵢ is
/// log10(rescale·σᵢ) − Σ_k w_k·log10(ref_k), a weighted geometric mean of σᵢ over its references, in decades; a dimension
/// stays when its score lies above the threshold (elias-gaeros/resize_lora).
/// </summary>
public sealed record ResizeRecipe
{
    /// <summary>The recipe that is used when none is given.</summary>
    public const string DefaultText = "spn_ckpt=1,thr=-1.2";

    private ResizeRecipe(IReadOnlyDictionary<ScoreKind, double> weights, double? threshold, double? sizeMiB, double rescale)
    {
        Scores = weights;
        Weights = weights.ToDictionary(weight => RecipeKeys.Of(weight.Key), weight => weight.Value, StringComparer.Ordinal);
        Threshold = threshold;
        SizeMiB = sizeMiB;
        Rescale = rescale;
    }

    /// <summary>The weights of the scores that take part, by their keys in the grammar, normalised to sum 1.</summary>
    public IReadOnlyDictionary<string, double> Weights { get; }

    /// <summary>The threshold, a decimal logarithm; null when a size is asked for.</summary>
    public double? Threshold { get; }

    /// <summary>The largest size of the output file in MiB (2²⁰ bytes); null when a threshold is given.</summary>
    public double? SizeMiB { get; }

    /// <summary>The factor on ΔW in the output; 1 leaves its strength alone.</summary>
    public double Rescale { get; }

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

    /// <summary>Makes a recipe from numbers.</summary>
    /// <param name="weights">Weights of scores; zeros are left out, the rest is normalised to sum 1.</param>
    /// <param name="threshold">The threshold, or null.</param>
    /// <param name="sizeMiB">The size in MiB, or null; exactly one of the two is given.</param>
    /// <param name="rescale">The factor on ΔW, above zero.</param>
    /// <exception cref="RecipeException">The numbers do not make a recipe.</exception>
    public static ResizeRecipe Create(IReadOnlyDictionary<ScoreKind, double> weights, double? threshold, double? sizeMiB, double rescale = 1)
    {
        ArgumentNullException.ThrowIfNull(weights);
        IEnumerable<string> parts = weights.Select(weight => $"{RecipeKeys.Of(weight.Key)}={RecipeNumber.Exact(weight.Value)}");
        parts = threshold is { } thr ? parts.Append($"{RecipeKeys.Threshold}={RecipeNumber.Exact(thr)}") : parts;
        parts = sizeMiB is { } size ? parts.Append($"{RecipeKeys.Size}={RecipeNumber.Exact(size)}") : parts;
        return Create(string.Join(',', parts), weights, threshold, sizeMiB, rescale);
    }

    /// <summary>The same recipe with a threshold in place of its own, or of its size.</summary>
    /// <param name="threshold">The threshold.</param>
    /// <exception cref="RecipeException">The threshold is not a number.</exception>
    public ResizeRecipe WithThreshold(double threshold) => Create(Scores, threshold, null, Rescale);

    /// <summary>The same recipe with a size in place of its own, or of its threshold.</summary>
    /// <param name="sizeMiB">The size in MiB.</param>
    /// <exception cref="RecipeException">The size is not a number above zero.</exception>
    public ResizeRecipe WithSize(double sizeMiB) => Create(Scores, null, sizeMiB, Rescale);

    /// <summary>Parses a recipe such as <c>spn_ckpt=0.7,params=0.3,size=32</c>.</summary>
    /// <param name="text">Comma-separated keys with their values; a score without one weighs 1. Case and blanks do not count.</param>
    /// <exception cref="RecipeException">A key is unknown or given twice, a value is not a number, or the parts do not make a recipe.</exception>
    public static ResizeRecipe Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string part in text.Split(','))
        {
            string[] sides = part.Split('=', 2);
            string key = sides[0].Trim().ToLowerInvariant();
            if (!RecipeKeys.All.Contains(key))
            {
                string hint = key.Length == 0 ? $"a key is missing; the keys are {string.Join(", ", RecipeKeys.All)}." : $"there is no key '{sides[0].Trim()}'; the nearest is '{RecipeKeys.Nearest(key)}'.";
                throw new RecipeException(text, hint);
            }

            if (!values.TryAdd(key, ParseValue(text, key, sides)))
            {
                throw new RecipeException(text, $"the key '{key}' is given twice.");
            }
        }

        var weights = new Dictionary<ScoreKind, double>();
        foreach ((ScoreKind kind, string key) in RecipeKeys.Scores)
        {
            if (values.TryGetValue(key, out double weight))
            {
                weights.Add(kind, weight);
            }
        }

        double? Optional(string key) => values.TryGetValue(key, out double value) ? value : null;
        return Create(text, weights, Optional(RecipeKeys.Threshold), Optional(RecipeKeys.Size), Optional(RecipeKeys.Rescale) ?? 1);
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
        parts = parts.Append(SizeMiB is { } size ? $"{RecipeKeys.Size}={RecipeNumber.Exact(size)}" : $"{RecipeKeys.Threshold}={RecipeNumber.Exact(Threshold!.Value)}");
        return string.Join(',', parts);
    }

    /// <summary>Whether two recipes select alike.</summary>
    /// <param name="other">The other recipe.</param>
    public bool Equals(ResizeRecipe? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static ResizeRecipe Create(string text, IReadOnlyDictionary<ScoreKind, double> weights, double? threshold, double? sizeMiB, double rescale)
    {
        double sum = weights.Values.Sum();
        if (weights.Values.Any(weight => !double.IsFinite(weight)) || !double.IsFinite(sum))
        {
            throw new RecipeException(text, "a weight, or their sum, is not a finite number.");
        }

        if (!(sum > 0))
        {
            throw new RecipeException(text, $"at least one score is needed ({string.Join(", ", RecipeKeys.Scores.Select(score => score.Key))}), and the weights must sum to more than zero.");
        }

        if (threshold is null == sizeMiB is null)
        {
            throw new RecipeException(text, threshold is null ? "it needs 'thr=' or 'size='." : "'thr=' and 'size=' exclude each other.");
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
        var normalised = weights.Where(weight => weight.Value != 0).OrderBy(weight => weight.Key).ToDictionary(weight => weight.Key, weight => weight.Value / sum);
        return new ResizeRecipe(normalised, threshold, sizeMiB, rescale);
    }

    private static double ParseValue(string text, string key, string[] sides)
    {
        bool isScore = RecipeKeys.Scores.Any(score => score.Key == key);
        string value = sides.Length == 2 ? sides[1].Trim() : string.Empty;
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
