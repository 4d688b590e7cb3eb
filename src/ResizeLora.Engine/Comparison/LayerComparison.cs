using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;

namespace ResizeLora.Comparison;

/// <summary>How far the changes that two LoRA files make to one weight are apart.</summary>
public sealed class LayerComparison
{
    internal LayerComparison(AdapterLayer? reference, AdapterLayer? other, LayerProducts products, BaseNorms? baseNorms)
    {
        AdapterLayer either = (reference ?? other)!;
        Layer = either.Name;
        Component = either.Component;
        Kind = either.Kind;
        Presence =
            other is null ? LayerPresence.ReferenceOnly
            : reference is null ? LayerPresence.OtherOnly
            : LayerPresence.Both;
        ReferenceRank = reference?.Rank ?? 0;
        OtherRank = other?.Rank ?? 0;
        Products = products;
        BaseFrobeniusNorm = baseNorms?.Frobenius;
    }

    /// <summary>The layer's name, as the reference has it where it has the layer.</summary>
    public string Layer { get; }

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component { get; }

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind { get; }

    /// <summary>Which of the files hold the layer.</summary>
    public LayerPresence Presence { get; }

    /// <summary>The rank in the reference; 0 where it lacks the layer.</summary>
    public int ReferenceRank { get; }

    /// <summary>The rank in the other file; 0 where it lacks the layer.</summary>
    public int OtherRank { get; }

    /// <summary>‖ΔW₁‖F, of the reference.</summary>
    public double ReferenceNorm => Math.Sqrt(Products.Reference);

    /// <summary>‖ΔW₂‖F, of the other file.</summary>
    public double OtherNorm => Math.Sqrt(Products.Other);

    /// <summary>‖ΔW₁ − ΔW₂‖F.</summary>
    public double Distance => Math.Sqrt(Products.Distance);

    /// <summary>‖ΔW₁ − ΔW₂‖F / ‖ΔW₁‖F; 1 for a layer that only the reference has, ∞ for one that only the other file has.</summary>
    public double RelativeErrorToLora => Products.RelativeError;

    /// <summary>‖ΔW₁ − ΔW₂‖F / ‖W‖F, against the base weight; null when that is not known.</summary>
    public double? RelativeErrorToBase => BaseFrobeniusNorm is { } norm && norm > 0 ? Distance / norm : null;

    /// <summary>
    /// The cosine of the angle between ΔW₁ and ΔW₂: 1 for the same direction whatever the strength, 0 for a layer that one file lacks.
    /// </summary>
    public double Cosine => Products.Cosine;

    /// <summary>The squares that sum up over layers.</summary>
    internal LayerProducts Products { get; }

    /// <summary>‖W‖F of the base weight, where known.</summary>
    internal double? BaseFrobeniusNorm { get; }

    /// <summary>The layer, its error and its cosine.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}: error {RelativeErrorToLora:g4}, cosine {Cosine:0.####}");
}
