namespace ResizeLora.Recipes;

/// <summary>Where a recipe cuts the ranking of all dimensions of a file by their scores.</summary>
/// <remarks>
/// At a score (<see cref="Threshold"/>), at a quality (<see cref="Retain"/> or <see cref="Loss"/>), at a size (<see cref="SizeMiB"/>,
/// <see cref="Keep"/> or both), or at a quality and a size, of which the stricter decides.
/// </remarks>
public sealed record RankingCut
{
    /// <summary>No cut.</summary>
    public static RankingCut None { get; } = new();

    /// <summary><c>thr</c>: the score above which dimensions stay, a decimal logarithm.</summary>
    public double? Threshold { get; init; }

    /// <summary><c>retain</c>: the share of the file's squared Frobenius norm that stays at least; above 0, at most 1.</summary>
    public double? Retain { get; init; }

    /// <summary><c>loss</c>: the change that is lost at most, relative to the base weights; above 0.</summary>
    public double? Loss { get; init; }

    /// <summary><c>size</c>: the largest size of the output in MiB (2²⁰ bytes).</summary>
    public double? SizeMiB { get; init; }

    /// <summary><c>keep</c>: the largest size of the output as a share of the input's.</summary>
    public double? Keep { get; init; }

    /// <summary>
    /// Whether it is found by going down the ranking, which needs no weights: without them the ranking is that of σ itself.
    /// </summary>
    internal bool IsFound => (Retain ?? Loss ?? SizeMiB ?? Keep) is not null;

    /// <summary>The parts of the grammar, in the order in which recipes are printed.</summary>
    internal IEnumerable<string> Parts => Given.Select(static cut => $"{cut.Key}={RecipeNumber.Exact(cut.Value)}");

    private IEnumerable<(string Key, double Value)> Given
    {
        get
        {
            (string Key, double? Value)[] cuts =
            [
                (RecipeKeys.Threshold, Threshold),
                (RecipeKeys.Retain, Retain),
                (RecipeKeys.Loss, Loss),
                (RecipeKeys.Size, SizeMiB),
                (RecipeKeys.Keep, Keep),
            ];
            return cuts.Where(static cut => cut.Value is not null).Select(static cut => (cut.Key, cut.Value!.Value));
        }
    }

    /// <summary>The size in bytes, or null.</summary>
    internal long? SizeInBytes => SizeMiB is { } size ? Floor(size * (1 << 20)) : null;

    /// <summary>The largest size in bytes of the output of a file, or null; of two sizes the smaller one.</summary>
    /// <param name="inputLength">The size of the file.</param>
    internal long? LimitOf(long inputLength)
    {
        long? share = Keep is { } keep ? Floor(keep * inputLength) : null;
        return (SizeInBytes, share) is ({ } one, { } other) ? Math.Min(one, other) : SizeInBytes ?? share;
    }

    /// <summary>Refuses numbers that are no cut, and cuts that exclude each other.</summary>
    /// <param name="text">The recipe, for the message.</param>
    /// <exception cref="RecipeException">They make no recipe.</exception>
    internal void Check(string text)
    {
        string[] given = Given.Select(static cut => $"'{cut.Key}='").ToArray();
        if (Threshold is not null && given.Length > 1)
        {
            throw new RecipeException(text, $"{string.Join(" and ", given)} exclude each other.");
        }

        if (Retain is not null && Loss is not null)
        {
            throw new RecipeException(text, "'retain=' and 'loss=' exclude each other.");
        }

        if (Threshold is double.NaN)
        {
            throw new RecipeException(text, "'thr=' is not a number.");
        }

        if (Retain is { } share && !(share > 0 && share <= 1))
        {
            throw new RecipeException(text, "'retain=' is a share, a number above 0 and not above 1.");
        }

        Require(text, RecipeKeys.Loss, Loss, "a number above zero, relative to the base weights");
        Require(text, RecipeKeys.Size, SizeMiB, "a number of MiB above zero");
        Require(text, RecipeKeys.Keep, Keep, "a number above zero, a share of the input's size");
    }

    private static void Require(string text, string key, double? value, string kind)
    {
        if (value is { } number && !(number > 0 && double.IsFinite(number)))
        {
            throw new RecipeException(text, $"'{key}=' must be {kind}.");
        }
    }

    private static long Floor(double bytes) => (long)Math.Floor(Math.Min(bytes, long.MaxValue / 2));
}
