using System.Globalization;
using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>
/// Names of output files, as the reference program gives them: <c>{stem}_{weights}_{size}_th{threshold}.safetensors</c>, with
/// limits of the ranks before the size, and no threshold where there are no scores (<c>{stem}_svratio5_rank8</c>). Where
/// two recipes of one run would give one name, the later one keeps all digits of its numbers, and failing that gets a number.
/// </summary>
public sealed class OutputNames
{
    private const string Extension = ".safetensors";

    private readonly ResizeRecipe[] recipes;
    private readonly (bool Exact, int Number)[] forms;

    /// <summary>Settles the forms for the recipes of one run.</summary>
    /// <param name="recipes">All of them, in their order.</param>
    public OutputNames(IEnumerable<ResizeRecipe> recipes)
    {
        ArgumentNullException.ThrowIfNull(recipes);
        this.recipes = recipes.ToArray();
        forms = new (bool, int)[this.recipes.Length];
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (int index = 0; index < forms.Length; index++)
        {
            ResizeRecipe recipe = this.recipes[index];
            double? threshold = ThresholdBefore(recipe);
            if (taken.Add(Describe(recipe, threshold, exact: false)))
            {
                continue;
            }

            int number = 1;
            string exact = Describe(recipe, threshold, exact: true);
            while (!taken.Add(number == 1 ? exact : exact + Suffix(number)))
            {
                number++;
            }

            forms[index] = (true, number);
        }
    }

    /// <summary>The name of an output.</summary>
    /// <param name="sourcePath">The LoRA file.</param>
    /// <param name="index">The recipe's place in the run.</param>
    /// <param name="threshold">The threshold that was used; at a size recipe the one that was found; null where there are no scores.</param>
    public string NameOf(string sourcePath, int index, double? threshold) =>
        $"{Path.GetFileNameWithoutExtension(sourcePath)}_{Describe(recipes[index], threshold, forms[index].Exact)}{Suffix(forms[index].Number)}{Extension}";

    /// <summary>Finds an output of an earlier run, without computing anything.</summary>
    /// <param name="folder">The output folder.</param>
    /// <param name="sourcePath">The LoRA file.</param>
    /// <param name="index">The recipe's place in the run.</param>
    /// <returns>Its path, or null.</returns>
    public string? FindExisting(string folder, string sourcePath, int index)
    {
        if (recipes[index].SizeMiB is null)
        {
            string path = Path.Combine(folder, NameOf(sourcePath, index, recipes[index].Threshold));
            return File.Exists(path) ? path : null;
        }

        // At a size recipe the threshold is part of the name but not known yet; any number may stand there.
        string[] around = NameOf(sourcePath, index, ThresholdBefore(recipes[index])).Split("_th0");
        string start = string.Join("_th0", around[..^1]) + "_th";
        string end = around[^1];
        return !Directory.Exists(folder) ? null : Directory.EnumerateFiles(folder).FirstOrDefault(candidate =>
        {
            string name = Path.GetFileName(candidate);
            return name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal) && name.Length > start.Length + end.Length
                && IsNumber(name.AsSpan(start.Length, name.Length - start.Length - end.Length));
        });
    }

    // At a size recipe the threshold is not known yet; 0 holds its place.
    private static double? ThresholdBefore(ResizeRecipe recipe) => recipe.SizeMiB is null ? recipe.Threshold : 0;

    private static bool IsNumber(ReadOnlySpan<char> text) =>
        text is "inf" or "-inf" || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static string Suffix(int number) => number > 1 ? string.Create(CultureInfo.InvariantCulture, $"_{number}") : string.Empty;

    private static string Describe(ResizeRecipe recipe, double? threshold, bool exact)
    {
        Func<double, string> number = exact ? RecipeNumber.Exact : RecipeNumber.Short;

        // Sorted by key, as the reference does; its keys lose their underscores here.
        List<string> parts = recipe.Weights
            .OrderBy(weight => weight.Key, StringComparer.Ordinal)
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
        if (recipe.SvCount == SvCount.Old)
        {
            parts.Add($"svcount{RecipeKeys.Of(SvCount.Old)}");
        }

        AddGiven(("rank", recipe.Rank), ("convrank", recipe.ConvRank), ("size", recipe.SizeMiB), ("th", threshold));
        return string.Join('_', parts);
    }
}
