namespace ResizeLora.Comparison;

/// <summary>How far the changes that two LoRA files make to a model are apart, over all layers and one by one.</summary>
public sealed class LoraComparison
{
    internal LoraComparison(
        string referencePath,
        string path,
        IReadOnlyList<LayerComparison> layers,
        IReadOnlyList<string> tensorsNotCompared
    )
    {
        ReferencePath = referencePath;
        Path = path;
        Layers = layers;
        TensorsNotCompared = tensorsNotCompared;
        LayerProducts total = layers.Aggregate(default(LayerProducts), static (sum, layer) => sum + layer.Products);
        ReferenceNorm = Math.Sqrt(total.Reference);
        OtherNorm = Math.Sqrt(total.Other);
        Distance = Math.Sqrt(total.Distance);
        RelativeErrorToLora = total.RelativeError;
        Cosine = total.Cosine;
        LayerComparison[] based = layers.Where(static layer => layer.BaseFrobeniusNorm is not null).ToArray();
        double baseNorm = EuclideanNorm.Of(based.Select(static layer => layer.BaseFrobeniusNorm!.Value));
        RelativeErrorToBase = baseNorm > 0 ? Math.Sqrt(based.Sum(static layer => layer.Products.Distance)) / baseNorm : null;
    }

    /// <summary>The LoRA file that is compared with.</summary>
    public string ReferencePath { get; }

    /// <summary>The LoRA file that is compared.</summary>
    public string Path { get; }

    /// <summary>
    /// ‖ΔW₁ − ΔW₂‖F / ‖ΔW₁‖F over all layers of both files; ∞ when the reference changes nothing and the other file does.
    /// </summary>
    public double RelativeErrorToLora { get; }

    /// <summary>‖ΔW₁ − ΔW₂‖F / ‖W‖F over the layers whose base weights are known; null without a checkpoint.</summary>
    public double? RelativeErrorToBase { get; }

    /// <summary>The cosine of the angle between both changes over all layers: 1 when they differ in strength at most.</summary>
    public double Cosine { get; }

    /// <summary>‖ΔW₁‖F over all layers of the reference.</summary>
    public double ReferenceNorm { get; }

    /// <summary>‖ΔW₂‖F over all layers of the other file.</summary>
    public double OtherNorm { get; }

    /// <summary>‖ΔW₁ − ΔW₂‖F over all layers of both.</summary>
    public double Distance { get; }

    /// <summary>The sum of the layers' ranks in the reference.</summary>
    public int ReferenceRank => Layers.Sum(static layer => layer.ReferenceRank);

    /// <summary>The sum of the layers' ranks in the other file.</summary>
    public int OtherRank => Layers.Sum(static layer => layer.OtherRank);

    /// <summary>The layers that only the reference has; each counts as wholly lost.</summary>
    public IReadOnlyList<string> OnlyInReference => NamesOf(LayerPresence.ReferenceOnly);

    /// <summary>The layers that only the other file has; each counts as wholly added.</summary>
    public IReadOnlyList<string> OnlyInOther => NamesOf(LayerPresence.OtherOnly);

    /// <summary>Tensors outside the layers that the files do not have in common, byte for byte; they are not part of any figure.</summary>
    public IReadOnlyList<string> TensorsNotCompared { get; }

    /// <summary>The layers: those of the reference in its order, then those that only the other file has.</summary>
    public IReadOnlyList<LayerComparison> Layers { get; }

    /// <summary>Both files, the error and the cosine.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{ReferencePath} -> {Path}: error {RelativeErrorToLora:g4}, cosine {Cosine:0.####}");

    private string[] NamesOf(LayerPresence presence) =>
        Layers.Where(layer => layer.Presence == presence).Select(static layer => layer.Layer).ToArray();
}
