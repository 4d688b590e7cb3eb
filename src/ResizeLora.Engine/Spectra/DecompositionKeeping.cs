namespace ResizeLora.Spectra;

/// <summary>What is kept of the decompositions of layers.</summary>
/// <param name="Share">How many dimensions of each layer, the first ones, where nothing else is known.</param>
/// <param name="CountOf">How many of a layer that is decomposed, but of which nothing is kept yet; null where that is not known.</param>
/// <param name="Store">Where it is kept.</param>
internal sealed record DecompositionKeeping(int Share, Func<LayerSpectrum, int>? CountOf, DecompositionStore Store)
{
    /// <summary>All, as far as the process has room for it.</summary>
    public static DecompositionKeeping All { get; } = new(int.MaxValue, null, DecompositionStore.Shared);
}
