namespace ResizeLora.Recipes;

/// <summary>The numbers of one layer that scores are made of; pure numbers, whatever they were computed with.</summary>
/// <param name="SingularValues">σ of ΔW, descending.</param>
/// <param name="OutFeatures">n.</param>
/// <param name="InFeatures">m.</param>
/// <param name="BaseSpectralNorm">σ_max of the base weight, or null when not known.</param>
/// <param name="BaseFrobeniusNorm">‖W‖F of the base weight, or null when not known.</param>
/// <param name="SubspaceScales">|uᵢᵀ W vᵢ| for each σ, or null when not known.</param>
public sealed record LayerReferences(
    IReadOnlyList<double> SingularValues,
    int OutFeatures,
    int InFeatures,
    double? BaseSpectralNorm = null,
    double? BaseFrobeniusNorm = null,
    IReadOnlyList<double>? SubspaceScales = null
);
