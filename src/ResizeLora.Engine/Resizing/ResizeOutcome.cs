using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>What a recipe makes of a file, in numbers: the part that a measurement and a written file have in common.</summary>
public abstract record ResizeOutcome
{
    private protected ResizeOutcome(ResizePlan plan, IReadOnlyList<string> passedThrough, long oldLength)
    {
        Source = plan.SourcePath;
        Recipe = plan.Recipe;
        DType = plan.OutputType;
        OutputKind = plan.Making.Kind;
        CheckpointPath = plan.Layers.Select(static layer => layer.Spectrum.CheckpointPath).FirstOrDefault(static path => path is not null);
        Threshold = plan.Threshold;
        OldLength = oldLength;
        NewLength = plan.Length;
        PassedThrough = passedThrough;
        CopiedKinds = plan.CopiedKinds;
        AssumedScaleCount = plan.Layers.Count(static layer => layer.Spectrum.Source.IsScaleAssumed);
        Layers = plan.Layers.Select(static layer => layer.Result).ToArray();

        double total = EuclideanNorm.Of(plan.Layers.Select(static layer => layer.Spectrum.ChangeNorm));
        RelativeErrorToLora = total > 0 ? EuclideanNorm.Of(plan.Layers.Select(static layer => layer.Lost)) / total : 0;
        LayerPlan[] based = plan.Layers.Where(static layer => layer.Spectrum.BaseFrobeniusNorm is not null).ToArray();
        double baseNorm = EuclideanNorm.Of(based.Select(static layer => layer.Spectrum.BaseFrobeniusNorm!.Value));
        double lostOfBased = EuclideanNorm.Of(based.Select(static layer => layer.Lost)) * plan.Recipe.Rescale;
        RelativeErrorToBase = baseNorm > 0 ? lostOfBased / baseNorm : null;

        double whole = EuclideanNorm.Of(plan.Layers.Select(static layer => layer.Spectrum.FrobeniusNorm));
        double lost = EuclideanNorm.Of(plan.Layers.Select(static layer => layer.LostOfSpectrum));
        Retained = whole > 0 ? 1 - QualityGoal.LostShare(lost, whole) : 1;

        // kohya's script leaves layers out of its average that have nothing to retain.
        double[] retained = Layers.Select(static layer => layer.FrobeniusRetention).OfType<double>().ToArray();
        double average = retained.Length > 0 ? retained.Average() : 1;
        FrobeniusRetention = average;
        FrobeniusRetentionDeviation = retained.Length > 0 ? Math.Sqrt(retained.Average(value => (value - average) * (value - average))) : 0;
    }

    /// <summary>The LoRA file.</summary>
    public string Source { get; }

    /// <summary>The recipe.</summary>
    public ResizeRecipe Recipe { get; }

    /// <summary>The type of the written weights.</summary>
    public OutputType DType { get; }

    /// <summary>In which form layers of other kinds than LoRA are written.</summary>
    public OutputKind OutputKind { get; }

    /// <summary>The base model that the layers were measured against, or null.</summary>
    public string? CheckpointPath { get; }

    /// <summary>
    /// The threshold that separates, a decimal logarithm; −∞ where a size or a quality kept everything, null where the recipe ranks
    /// nothing.
    /// </summary>
    public double? Threshold { get; }

    /// <summary>The sum of the layers' ranks in the input.</summary>
    public int OldRank => Layers.Sum(static layer => layer.OldRank);

    /// <summary>The sum of the layers' ranks in the output.</summary>
    public int NewRank => Layers.Sum(static layer => layer.NewRank);

    /// <summary>The size of the input in bytes.</summary>
    public long OldLength { get; }

    /// <summary>The size of the output in bytes, exactly.</summary>
    public long NewLength { get; }

    /// <summary>The share of the input's size that is gone: 0.75 when a quarter is left.</summary>
    public double Saved => OldLength > 0 ? 1 - ((double)NewLength / OldLength) : 0;

    /// <summary>Layers that stay with at least one dimension.</summary>
    public int LayersKept => Layers.Count(static layer => layer.NewRank > 0);

    /// <summary>Layers that vanish.</summary>
    public int LayersDropped => Layers.Count - LayersKept;

    /// <summary>Layers copied as they are, because the base model has none of their name.</summary>
    public int LayersPassedThrough => PassedThrough.Count;

    /// <summary>The names of these layers.</summary>
    public IReadOnlyList<string> PassedThrough { get; }

    /// <summary>
    /// How many layers of each other kind are copied as they are, such as IA3, OFT or whole differences, and how many embeddings of words
    /// that the file brings along: they take no part in the numbers above.
    /// </summary>
    public IReadOnlyDictionary<string, int> CopiedKinds { get; }

    /// <summary>How many layers are written as which kind.</summary>
    public IReadOnlyDictionary<string, int> WrittenKinds =>
        Layers
            .Where(static layer => layer.WrittenAs is not null)
            .GroupBy(static layer => layer.WrittenAs!.Value)
            .OrderBy(static group => group.Key)
            .ToDictionary(static group => group.Key.ToString(), static group => group.Count());

    /// <summary>How many layers have neither an alpha nor settings that say their scale, so that it is taken to be 1.</summary>
    public int AssumedScaleCount { get; }

    /// <summary>‖ΔW − ΔW'‖F / ‖ΔW‖F over all layers, before any rescale: what truncation loses.</summary>
    public double RelativeErrorToLora { get; }

    /// <summary>The same loss, rescaled, against ‖W‖F over the layers' base weights; null when those are not known.</summary>
    public double? RelativeErrorToBase { get; }

    /// <summary>
    /// The share of the file's squared Frobenius norm that stays, before any rescale: 1 − (lost / all)² of the singular values, which is
    /// what <c>retain=</c> asks for.
    /// </summary>
    public double Retained { get; }

    /// <summary>
    /// The average over the layers of ‖ΔW'‖F / ‖ΔW‖F, as a share of 1, before any rescale: what kohya's resize_lora.py prints
    /// in percent as "Average Frobenius norm retention". A dropped layer counts as 0, one that is all zero not at all.
    /// </summary>
    public double FrobeniusRetention { get; }

    /// <summary>The standard deviation of the same.</summary>
    public double FrobeniusRetentionDeviation { get; }

    /// <summary>Ranks and errors layer by layer, in the order of the file.</summary>
    public IReadOnlyList<LayerResult> Layers { get; }
}
