using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>Names of output files, as the reference program gives them: <c>{stem}_{weights}_{size}_th{threshold}.safetensors</c>.</summary>
public static class OutputName
{
    /// <summary>The name of an output.</summary>
    /// <param name="sourcePath">The LoRA file.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="threshold">The threshold that was used; at a size recipe the one that was found.</param>
    /// <param name="exact">Whether numbers keep all their digits, for when two decimals do not tell two recipes apart.</param>
    public static string Create(string sourcePath, ResizeRecipe recipe, double threshold, bool exact = false)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        Func<double, string> number = exact ? RecipeNumber.Exact : RecipeNumber.Short;
        var parts = new List<string> { Path.GetFileNameWithoutExtension(sourcePath) };

        // Sorted by key, as the reference does; its keys lose their underscores here.
        parts.AddRange(recipe.Weights
            .Select(weight => (Key: RecipeKeys.Of(weight.Key), weight.Value))
            .OrderBy(weight => weight.Key, StringComparer.Ordinal)
            .Select(weight => weight.Key.Replace("_", string.Empty, StringComparison.Ordinal) + number(weight.Value)));
        if (recipe.Rescale != 1)
        {
            parts.Add($"scale{number(recipe.Rescale)}");
        }

        if (recipe.SizeMiB is { } size)
        {
            parts.Add($"size{number(size)}");
        }

        parts.Add($"th{number(threshold)}");
        return string.Join('_', parts) + ".safetensors";
    }
}
