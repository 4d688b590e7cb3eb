using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>What is to become of one layer: the numbers, and what it takes to write it.</summary>
public sealed class LayerPlan
{
    internal LayerPlan(LayerSpectrum spectrum, int[] kept, double rescale)
    {
        Spectrum = spectrum;
        Kept = kept;
        Lost = EuclideanNorm.Of(spectrum.SingularValues.Where((_, dimension) => Array.BinarySearch(kept, dimension) < 0));
        Result = new LayerResult(spectrum, kept, Lost, rescale);
    }

    /// <summary>What becomes of the layer, in numbers.</summary>
    public LayerResult Result { get; }

    /// <summary>The layer.</summary>
    internal LayerSpectrum Spectrum { get; }

    /// <summary>The kept dimensions, ascending.</summary>
    internal int[] Kept { get; }

    /// <summary>‖ΔW − ΔW'‖F before any rescale.</summary>
    internal double Lost { get; }

    /// <summary>The layer and its ranks.</summary>
    public override string ToString() => Result.ToString();
}
