namespace ResizeLora.Recipes;

/// <summary>The keys of the recipe grammar.</summary>
public static class RecipeKeys
{
    /// <summary>The key of the target size in MiB.</summary>
    public const string Size = "size";

    /// <summary>The key of the threshold, a decimal logarithm.</summary>
    public const string Threshold = "thr";

    /// <summary>The key of the share of the file's squared Frobenius norm that stays.</summary>
    public const string Retain = "retain";

    /// <summary>The key of what is lost, relative to the base weights.</summary>
    public const string Loss = "loss";

    /// <summary>The key of the target size as a share of the input's.</summary>
    public const string Keep = "keep";

    /// <summary>The key of the factor on ΔW.</summary>
    public const string Rescale = "rescale";

    /// <summary>The key of σ₁ over the smallest σ that stays.</summary>
    public const string SvRatio = "sv_ratio";

    /// <summary>The key of the share of ‖ΔW‖F that stays.</summary>
    public const string SvFro = "sv_fro";

    /// <summary>The key of the share of the sum of σ that stays.</summary>
    public const string SvCumulative = "sv_cumulative";

    /// <summary>The key of the knee of a layer's spectrum.</summary>
    public const string SvKnee = "sv_knee";

    /// <summary>The key of the version of kohya's tool that its three methods count as.</summary>
    public const string SvCount = "sv_count";

    /// <summary>The key of the highest rank of a layer.</summary>
    public const string Rank = "rank";

    /// <summary>The key of the highest rank of a convolution.</summary>
    public const string ConvRank = "conv_rank";

    /// <summary>The scores and their keys, in the order in which recipes are printed.</summary>
    public static IReadOnlyList<(ScoreKind Kind, string Key)> Scores { get; } =
    [
        (ScoreKind.SpectralCheckpoint, "spn_ckpt"),
        (ScoreKind.SpectralLora, "spn_lora"),
        (ScoreKind.FrobeniusCheckpoint, "fro_ckpt"),
        (ScoreKind.FrobeniusLora, "fro_lora"),
        (ScoreKind.Subspace, "subspace"),
        (ScoreKind.Parameters, "params"),
    ];

    /// <summary>The keys that say where the ranking by scores is cut.</summary>
    public static IReadOnlyList<string> Cuts { get; } = [Threshold, Retain, Loss, Size, Keep];

    /// <summary>The keys of kohya's dynamic methods, which <see cref="SvCount"/> is for.</summary>
    public static IReadOnlyList<string> Counted { get; } = [SvRatio, SvFro, SvCumulative];

    /// <summary>The keys of all dynamic methods, which exclude each other.</summary>
    public static IReadOnlyList<string> Dynamic { get; } = [.. Counted, SvKnee];

    /// <summary>The keys that limit ranks and need no score.</summary>
    public static IReadOnlyList<string> Limits { get; } = [.. Dynamic, Rank, ConvRank];

    /// <summary>All keys.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Scores.Select(score => score.Key), .. Cuts, Rescale, .. Limits, SvCount];

    /// <summary>The values of <see cref="SvCount"/> as recipes spell them: <c>new</c> and <c>old</c>.</summary>
    public static IReadOnlyList<string> SvCounts { get; } = Enum.GetValues<SvCount>().Select(Of).ToArray();

    /// <summary>The key of a score.</summary>
    /// <param name="kind">The score.</param>
    public static string Of(ScoreKind kind) => Scores.First(score => score.Kind == kind).Key;

    /// <summary>A value of <see cref="SvCount"/> as recipes spell it.</summary>
    /// <param name="count">The value.</param>
    public static string Of(SvCount count) => count.ToString().ToLowerInvariant();

    /// <summary>Keys in a sentence, such as <c>rank and conv_rank</c>.</summary>
    /// <param name="keys">At least two keys.</param>
    internal static string Listed(IReadOnlyList<string> keys) => $"{string.Join(", ", keys.Take(keys.Count - 1))} and {keys[^1]}";

    /// <summary>The valid key that takes the fewest edits to reach from a mistyped one.</summary>
    /// <param name="mistyped">What was typed.</param>
    public static string Nearest(string mistyped)
    {
        ArgumentNullException.ThrowIfNull(mistyped);
        string lower = mistyped.ToLowerInvariant();

        // A key spelled out, or cut short, is nearer than one that shares letters: 'threshold' means 'thr'.
        bool IsPart(string key) =>
            lower.Length > 0 && (lower.StartsWith(key, StringComparison.Ordinal) || key.StartsWith(lower, StringComparison.Ordinal));
        return All.MinBy(key => IsPart(key) ? 0 : EditDistance(lower, key))!;
    }

    // Levenshtein's distance, one row at a time.
    private static int EditDistance(string left, string right)
    {
        int[] row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
