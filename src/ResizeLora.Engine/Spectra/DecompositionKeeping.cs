namespace ResizeLora.Spectra;

/// <summary>What is kept of the decompositions of layers.</summary>
/// <param name="CountOf">How many dimensions of a layer, the first ones; asked with a layer of which nothing is kept yet.</param>
/// <param name="Store">Where it is kept.</param>
internal sealed record DecompositionKeeping(Func<LayerSpectrum, int> CountOf, DecompositionStore Store)
{
    /// <summary>All, as far as the process has room for it.</summary>
    public static DecompositionKeeping All { get; } = new(static _ => int.MaxValue, DecompositionStore.Shared);
}
