using ResizeLora.Adapters;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>What becomes of one layer.</summary>
public sealed class LayerPlan
{
    internal LayerPlan(LayerSpectrum spectrum, int[] kept, double rescale)
    {
        Spectrum = spectrum;
        Kept = kept;
        double lost = EuclideanNorm.Of(spectrum.SingularValues.Where((_, dimension) => Array.BinarySearch(kept, dimension) < 0));
        Lost = lost;
        RelativeErrorToLora = spectrum.FrobeniusNorm > 0 ? lost / spectrum.FrobeniusNorm : 0;
        double retained = EuclideanNorm.Of(kept.Select(dimension => spectrum.SingularValues[dimension]));
        FrobeniusRetention = spectrum.FrobeniusNorm == 0 ? null : retained / spectrum.FrobeniusNorm;
        RelativeErrorToBase = spectrum.BaseFrobeniusNorm is { } baseNorm && baseNorm > 0 ? lost * rescale / baseNorm : null;
    }

    /// <summary>The layer's name.</summary>
    public string Layer => Spectrum.Layer;

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component => Spectrum.Component;

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind => Spectrum.Kind;

    /// <summary>The rank in the input.</summary>
    public int OldRank => Spectrum.Rank;

    /// <summary>The rank in the output; 0 when the layer is dropped.</summary>
    public int NewRank => Kept.Length;

    /// <summary>‖ΔW − ΔW'‖F / ‖ΔW‖F before any rescale: the share of the layer that is lost.</summary>
    public double RelativeErrorToLora { get; }

    /// <summary>The same loss, rescaled, against ‖W‖F of the base weight; null when that is not known.</summary>
    public double? RelativeErrorToBase { get; }

    /// <summary>‖ΔW'‖F / ‖ΔW‖F as a share of 1, before any rescale; null for a layer that is all zero.</summary>
    public double? FrobeniusRetention { get; }

    /// <summary>The layer.</summary>
    internal LayerSpectrum Spectrum { get; }

    /// <summary>The kept dimensions, ascending.</summary>
    internal int[] Kept { get; }

    /// <summary>‖ΔW − ΔW'‖F before any rescale.</summary>
    internal double Lost { get; }

    /// <summary>The layer and its ranks.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}: {OldRank} -> {NewRank}");
}
