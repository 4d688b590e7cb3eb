using System.Globalization;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>
/// Names of output files, as the reference program gives them: <c>{stem}_{weights}_{size}_th{threshold}.safetensors</c>, with
/// limits of the ranks and the quality before the size, and no threshold where there are no scores (<c>{stem}_svratio5_rank8</c>).
/// Where a name is taken by an output made otherwise, the next one has all digits of the numbers, then the type, then a count.
/// </summary>
internal static class OutputNames
{
    private const string Extension = ".safetensors";
    private const string ThresholdMark = "_th";

    /// <summary>The names that an output may have, the best first: two decimals, all digits, and with the type behind them.</summary>
    /// <param name="making">The output.</param>
    /// <param name="threshold">The threshold that was used or found; null where nothing is ranked.</param>
    public static IReadOnlyList<string> Of(OutputMaking making, double? threshold)
    {
        string stem = StemOf(making);
        string exact = Describe(making.Recipe, threshold, exact: true);
        string[] names = [Describe(making.Recipe, threshold, exact: false), exact, $"{exact}_{TypeName(making)}"];
        return names.Distinct(StringComparer.Ordinal).Select(name => stem + name + SuffixOf(making)).ToArray();
    }

    /// <summary>The names for when all of those are taken, with a count from 2 behind them; they never end.</summary>
    /// <param name="making">The output.</param>
    /// <param name="threshold">The threshold, as above.</param>
    public static IEnumerable<string> Counted(OutputMaking making, double? threshold)
    {
        string suffix = SuffixOf(making);
        string last = Of(making, threshold)[^1][..^suffix.Length];
        for (int count = 2; ; count++)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{last}_{count}{suffix}");
        }
    }

    /// <summary>Whether a file of that name may be an output whose threshold is not known yet, as where a recipe asks for a size.</summary>
    /// <param name="name">The file's name, from the folder of outputs on.</param>
    /// <param name="making">The output.</param>
    public static bool MayBe(string name, OutputMaking making) => MayBe(name, making, exact: false) || MayBe(name, making, exact: true);

    private static bool MayBe(string name, OutputMaking making, bool exact)
    {
        string start = StemOf(making) + Describe(making.Recipe, threshold: null, exact) + ThresholdMark;
        string suffix = SuffixOf(making);
        bool fits =
            name.StartsWith(start, StringComparison.Ordinal)
            && name.EndsWith(suffix, StringComparison.Ordinal)
            && name.Length > start.Length + suffix.Length;
        if (!fits)
        {
            return false;
        }

        // A number, and behind it at most the type and a count.
        string[] rest = name[start.Length..^suffix.Length].Split('_');
        return IsNumber(rest[0]) && (rest.Length == 1 || (rest.Length <= 3 && rest[1] == TypeName(making) && rest.Skip(2).All(IsCount)));
    }

    private static bool IsCount(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string StemOf(OutputMaking making) =>
        making is { HasChoice: true, Choice: not OutputKind.Smallest }
            ? $"{making.SourceName}_{making.Choice.ToString().ToLowerInvariant()}_"
            : making.SourceName + "_";

    private static string SuffixOf(OutputMaking making) =>
        making.IsPeftFolder ? $"{Path.DirectorySeparatorChar}{PeftSettings.AdapterFileName}" : Extension;

    private static string TypeName(OutputMaking making) => TensorTypes.NameOf(making.Type).ToLowerInvariant();

    private static bool IsNumber(string text) =>
        text is "inf" or "-inf" || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static string Describe(ResizeRecipe recipe, double? threshold, bool exact)
    {
        Func<double, string> number = exact ? RecipeNumber.Exact : RecipeNumber.Short;

        // Sorted by key, as the reference does; its keys lose their underscores here.
        List<string> parts = recipe
            .Weights.OrderBy(weight => weight.Key, StringComparer.Ordinal)
            .Select(weight => weight.Key.Replace("_", string.Empty, StringComparison.Ordinal) + number(weight.Value))
            .ToList();
        if (recipe.Rescale != 1)
        {
            parts.Add($"scale{number(recipe.Rescale)}");
        }

        void AddGiven(params ReadOnlySpan<(string Name, double? Value)> given)
        {
            foreach ((string name, double? value) in given)
            {
                if (value is { } present)
                {
                    parts.Add(name + number(present));
                }
            }
        }

        AddGiven(("svratio", recipe.SvRatio), ("svfro", recipe.SvFro), ("svcumulative", recipe.SvCumulative));
        if (recipe.SvKnee)
        {
            parts.Add("svknee");
        }

        if (recipe.SvCount == SvCount.Old)
        {
            parts.Add($"svcount{RecipeKeys.Of(SvCount.Old)}");
        }

        AddGiven(("rank", recipe.Rank), ("convrank", recipe.ConvRank));
        AddGiven(("retain", recipe.Retain), ("loss", recipe.Loss), ("keep", recipe.Keep), ("size", recipe.SizeMiB), ("th", threshold));
        return string.Join('_', parts);
    }
}
