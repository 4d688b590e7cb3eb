using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Pictures;

/// <summary>What one recipe keeps of each layer.</summary>
public sealed class RecipeCut
{
    /// <summary>Takes the selection out of a plan.</summary>
    /// <param name="plan">What the recipe makes of the file.</param>
    public RecipeCut(ResizePlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Recipe = plan.Recipe;
        Threshold = plan.Threshold;
        Kept = plan.Layers.ToDictionary(
            static layer => layer.Result.Layer,
            static layer => (IReadOnlyList<int>)layer.Kept,
            StringComparer.Ordinal
        );
    }

    /// <summary>The recipe.</summary>
    public ResizeRecipe Recipe { get; }

    /// <summary>The threshold that separates; null where the recipe scores nothing.</summary>
    public double? Threshold { get; }

    /// <summary>The kept dimensions of each layer, ascending, from 0; a layer that the recipe does not concern is not there.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<int>> Kept { get; }

    /// <summary>The sum of the ranks that are kept.</summary>
    public int KeptRank => Kept.Values.Sum(static dimensions => dimensions.Count);
}
