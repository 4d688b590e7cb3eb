using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>A file that is decomposed and waits for others over the same base model.</summary>
/// <param name="Layers">Its layers.</param>
/// <param name="Due">The recipes to be written.</param>
/// <param name="Spent">The time that its decomposition took.</param>
internal sealed record WaitingFile(IReadOnlyList<LayerSpectrum> Layers, ResizeRecipe[] Due, TimeSpan Spent)
{
    // Of higher ranks the product takes far longer than what is shared, and what is kept of them would not fit into memory together.
    private const int LeastFiles = 8;

    /// <summary>Whether comparing layers together with others' is worth waiting for.</summary>
    /// <param name="layers">A file's layers.</param>
    public static bool IsWorthIt(IReadOnlyList<LayerSpectrum> layers) =>
        layers.Any(static layer => layer.BaseFrobeniusNorm is not null)
        && LeastFiles * VectorCount(layers) <= SubspaceComparison.MostVectors;

    /// <summary>The most singular vectors that one of the layers has.</summary>
    /// <param name="layers">A file's layers.</param>
    public static int VectorCount(IReadOnlyList<LayerSpectrum> layers) => layers.Max(static layer => layer.SingularValues.Length);

    /// <summary>The file.</summary>
    public string Path => Layers[0].Path;

    /// <summary>Opens the file again.</summary>
    /// <param name="session">The session.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public ResizeJob Open(ResizeSession session, IProgress<EngineEvent> progress, CancellationToken cancellationToken) =>
        ResizeJob.Adopt(session, LoraLayer.OpenSource(Layers), Layers, progress, cancellationToken, Due);
}
