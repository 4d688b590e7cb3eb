using System.Runtime.ExceptionServices;
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
    /// <summary>The file.</summary>
    public string Path => Layers[0].Path;

    /// <summary>Opens files again and compares their subspaces together, as far as that succeeds.</summary>
    /// <param name="files">The files.</param>
    /// <param name="session">The session.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The files in their order; the caller disposes of their jobs.</returns>
    public static IReadOnlyList<OpenedFile> OpenTogether(
        IReadOnlyList<WaitingFile> files,
        ResizeSession session,
        IProgress<EngineEvent> progress,
        CancellationToken cancellationToken
    )
    {
        var opened = new List<OpenedFile>();
        try
        {
            foreach (WaitingFile file in files)
            {
                opened.Add(file.Open(session, progress, cancellationToken));
            }

            SubspaceComparison.Run([.. opened.Select(static one => one.Job).OfType<ResizeJob>()], progress, cancellationToken);
        }
        catch (Exception exception) when (EngineError.IsFailure(exception))
        {
            // What cannot be compared is told of its own file, when that is planned.
        }
        catch
        {
            opened.ForEach(static one => one.Dispose());
            throw;
        }

        return opened;
    }

    // What cannot be opened is told in its turn: the files before it are written first.
    private OpenedFile Open(ResizeSession session, IProgress<EngineEvent> progress, CancellationToken cancellationToken)
    {
        try
        {
            ResizeJob job = ResizeJob.Adopt(session, LoraLayer.OpenSource(Layers), Layers, progress, cancellationToken, Due);
            return new OpenedFile(this, job, null);
        }
        catch (Exception exception) when (EngineError.IsFailure(exception))
        {
            return new OpenedFile(this, null, ExceptionDispatchInfo.Capture(exception));
        }
    }
}

/// <summary>A file that waited and is open again.</summary>
/// <param name="File">The file.</param>
/// <param name="Job">Its job; null where it could not be opened.</param>
/// <param name="Failure">Why not, or null.</param>
internal sealed record OpenedFile(WaitingFile File, ResizeJob? Job, ExceptionDispatchInfo? Failure) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Job?.Dispose();
}
