using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>A file that is decomposed and waits for others over the same base model.</summary>
/// <param name="Layers">Its layers.</param>
/// <param name="Due">The recipes to be written.</param>
internal sealed record WaitingFile(IReadOnlyList<LayerSpectrum> Layers, ResizeRecipe[] Due)
{
    /// <summary>The file.</summary>
    public string Path => Layers[0].Path;

    /// <summary>Opens the file again.</summary>
    /// <param name="session">The session.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public ResizeJob Open(ResizeSession session, IProgress<EngineEvent> progress, CancellationToken cancellationToken) =>
        ResizeJob.Adopt(session, LoraLayer.OpenSource(Layers), Layers, progress, cancellationToken, Due);
}
