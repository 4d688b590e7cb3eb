using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>What became of one file under one recipe.</summary>
public sealed class ResizeResult
{
    /// <summary>Describes a file that was written.</summary>
    /// <param name="plan">What was carried out.</param>
    /// <param name="path">The output.</param>
    /// <param name="oldLength">The size of the input in bytes.</param>
    /// <param name="elapsed">The time that it took, decomposition included where this recipe was the first.</param>
    public ResizeResult(ResizePlan plan, string path, long oldLength, TimeSpan elapsed)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Source = plan.SourcePath;
        Path = path;
        Recipe = plan.Recipe;
        Threshold = plan.Threshold;
        OldRank = plan.OldRank;
        NewRank = plan.NewRank;
        OldLength = oldLength;
        NewLength = plan.Length;
        LayersKept = plan.LayersKept;
        LayersDropped = plan.LayersDropped;
        LayersPassedThrough = plan.LayersPassedThrough;
        RelativeErrorToLora = plan.RelativeErrorToLora;
        RelativeErrorToBase = plan.RelativeErrorToBase;
        Layers = plan.Layers.Select(static layer => new LayerResult(layer)).ToArray();
        Elapsed = elapsed;
    }

    /// <summary>The LoRA file.</summary>
    public string Source { get; }

    /// <summary>The file that was written.</summary>
    public string Path { get; }

    /// <summary>The recipe.</summary>
    public ResizeRecipe Recipe { get; }

    /// <summary>The threshold that separates, a decimal logarithm; −∞ where a size kept everything, null where the recipe scores nothing.</summary>
    public double? Threshold { get; }

    /// <summary>The sum of the layers' ranks in the input.</summary>
    public int OldRank { get; }

    /// <summary>The sum of the layers' ranks in the output.</summary>
    public int NewRank { get; }

    /// <summary>The size of the input in bytes.</summary>
    public long OldLength { get; }

    /// <summary>The size of the output in bytes.</summary>
    public long NewLength { get; }

    /// <summary>The share of the input's size that is gone: 0.75 when a quarter is left.</summary>
    public double Saved => OldLength > 0 ? 1 - ((double)NewLength / OldLength) : 0;

    /// <summary>Layers that stayed with at least one dimension.</summary>
    public int LayersKept { get; }

    /// <summary>Layers that vanished.</summary>
    public int LayersDropped { get; }

    /// <summary>Layers copied as they are, because the base model has none of their name.</summary>
    public int LayersPassedThrough { get; }

    /// <summary>‖ΔW − ΔW'‖F / ‖ΔW‖F over all layers, before any rescale: what truncation lost.</summary>
    public double RelativeErrorToLora { get; }

    /// <summary>The same loss, rescaled, against ‖W‖F over the layers' base weights; null when those are not known.</summary>
    public double? RelativeErrorToBase { get; }

    /// <summary>Ranks and errors layer by layer, in the order of the file.</summary>
    public IReadOnlyList<LayerResult> Layers { get; }

    /// <summary>The time that it took, decomposition included where this recipe was the first of its file.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Source, output and ranks.</summary>
    public override string ToString() => FormattableString.Invariant($"{Source} -> {Path}, rank {OldRank} -> {NewRank}");
}
