using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>The values in the text of a recipe.</summary>
internal sealed class RecipeParser
{
    private readonly string text;
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>Divides a text into keys and values.</summary>
    /// <param name="text">Comma-separated keys with their values.</param>
    /// <exception cref="RecipeException">A key is unknown, missing or given twice.</exception>
    public RecipeParser(string text)
    {
        this.text = text;
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
    }

    /// <summary>The weights that are given; a score without a value weighs 1.</summary>
    /// <exception cref="RecipeException">A value is not a number.</exception>
    public Dictionary<ScoreKind, double> Weights =>
        RecipeKeys
            .Scores.Where(score => values.ContainsKey(score.Key))
            .ToDictionary(
                static score => score.Kind,
                score => values[score.Key].Length == 0 ? 1 : ParseNumber(score.Key, values[score.Key])
            );

    /// <summary>The cut.</summary>
    /// <exception cref="RecipeException">A value is not a number.</exception>
    public RankingCut Cut =>
        new()
        {
            Threshold = Number(RecipeKeys.Threshold),
            Retain = Number(RecipeKeys.Retain),
            Loss = Number(RecipeKeys.Loss),
            SizeMiB = Number(RecipeKeys.Size),
            Keep = Number(RecipeKeys.Keep),
        };

    /// <summary>The factor on ΔW, 1 where none is given.</summary>
    /// <exception cref="RecipeException">The value is not a number.</exception>
    public double Rescale => Number(RecipeKeys.Rescale) ?? 1;

    /// <summary>The limits of the ranks.</summary>
    /// <exception cref="RecipeException">A value is not one of its key.</exception>
    public RankLimits Limits =>
        new()
        {
            SvRatio = Number(RecipeKeys.SvRatio),
            SvFro = Number(RecipeKeys.SvFro),
            SvCumulative = Number(RecipeKeys.SvCumulative),
            SvKnee = HasSwitch(RecipeKeys.SvKnee),
            SvCount = values.TryGetValue(RecipeKeys.SvCount, out string? count) ? ParseSvCount(count) : null,
            Rank = Rank(RecipeKeys.Rank),
            ConvRank = Rank(RecipeKeys.ConvRank),
        };

    private double? Number(string key) =>
        !values.TryGetValue(key, out string? value) ? null
        : value.Length > 0 ? ParseNumber(key, value)
        : throw new RecipeException(text, $"the key '{key}' needs a value.");

    private int? Rank(string key) =>
        Number(key) is not { } rank ? null
        : rank >= 1 && rank <= int.MaxValue && rank == Math.Floor(rank) ? (int)rank
        : throw RankLimits.NoRank(text, key);

    private bool HasSwitch(string key) =>
        values.TryGetValue(key, out string? value)
        && (value.Length == 0 ? true : throw new RecipeException(text, $"the key '{key}' takes no number."));

    private SvCount ParseSvCount(string value)
    {
        int index = RecipeKeys.SvCounts.ToList().IndexOf(value.ToLowerInvariant());
        return index >= 0
            ? Enum.GetValues<SvCount>()[index]
            : throw new RecipeException(
                text,
                $"'{RecipeKeys.SvCount}=' is 'new' (kohya's script since pull request 2194) or 'old' (before it), not '{value}'."
            );
    }

    private double ParseNumber(string key, string value) =>
        value.ToLowerInvariant() switch
        {
            "inf" or "+inf" or "infinity" or "+infinity" => double.PositiveInfinity,
            "-inf" or "-infinity" => double.NegativeInfinity,
            _ => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                ? number
                : throw new RecipeException(text, $"the value '{value}' of '{key}' is not a number."),
        };
}
