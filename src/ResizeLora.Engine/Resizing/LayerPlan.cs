using ResizeLora.Recipes;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>What is to become of one layer: the numbers, and what it takes to write it.</summary>
public sealed class LayerPlan
{
    internal LayerPlan(LayerSpectrum spectrum, int[] kept, OutputForm form, double rescale, double? lost = null)
    {
        Spectrum = spectrum;
        Kept = kept;
        Form = form;
        Dropped = [.. Enumerable.Range(0, spectrum.SingularValues.Length).Where(dimension => Array.BinarySearch(kept, dimension) < 0)];
        LostOfSpectrum = QualityGoal.LostBy(spectrum.SingularValues, kept);
        Lost = lost ?? LostOfSpectrum;
        Result = new LayerResult(this, rescale);
    }

    /// <summary>What becomes of the layer, in numbers.</summary>
    public LayerResult Result { get; }

    /// <summary>The layer.</summary>
    internal LayerSpectrum Spectrum { get; }

    /// <summary>The kept dimensions, ascending.</summary>
    internal int[] Kept { get; }

    /// <summary>The others.</summary>
    internal int[] Dropped { get; }

    /// <summary>How the layer is written.</summary>
    internal OutputForm Form { get; }

    /// <summary>The norm of the singular values that are dropped, before any rescale.</summary>
    internal double LostOfSpectrum { get; }

    /// <summary>‖ΔW − ΔW'‖F before any rescale; of DoRA over its base weight ‖W' − W'ₖ‖F of the forward pass.</summary>
    internal double Lost { get; }

    /// <summary>The layer and its ranks.</summary>
    public override string ToString() => Result.ToString();
}
