using ResizeLora.Architectures;

namespace ResizeLora.Adapters;

/// <summary>One layer of a merge.</summary>
/// <param name="Layer">The name that the first file with this layer gives it.</param>
/// <param name="Component">The part of the image model that the layer changes.</param>
/// <param name="Kind">What the layer computes.</param>
/// <param name="OutFeatures">n, the rows of ΔW.</param>
/// <param name="InFeatures">m, the columns of ΔW.</param>
/// <param name="Rank">The sum of the ranks of the files that take part in it.</param>
public sealed record MergedLayer(string Layer, Component Component, LayerKind Kind, int OutFeatures, int InFeatures, int Rank)
{
    /// <summary>The layer and its rank.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}: {Rank}");
}
