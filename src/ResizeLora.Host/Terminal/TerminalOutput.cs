namespace ResizeLora.Host.Terminal;

/// <summary>
/// Standard output and standard error, written to by several threads at once: the pipeline, the progress timer and Ctrl+C.
/// </summary>
internal sealed class TerminalOutput : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ProgressDisplay _progress;

    /// <summary>The process's own two streams.</summary>
    public TerminalOutput()
    {
        Output = new TerminalStream(Console.Out, !Console.IsOutputRedirected);
        Error = new TerminalStream(Console.Error, !Console.IsErrorRedirected);
        _progress = new ProgressDisplay(Error, _gate);
    }

    /// <summary>Standard output.</summary>
    public TerminalStream Output { get; }

    /// <summary>Standard error.</summary>
    public TerminalStream Error { get; }

    /// <summary>The progress lines on standard error.</summary>
    public ProgressDisplay Progress => _progress;

    /// <summary>Writes to standard output.</summary>
    public void WriteOutput(string text) => Write(Output, text);

    /// <summary>Writes to standard error.</summary>
    public void WriteError(string text) => Write(Error, text);

    /// <inheritdoc/>
    public void Dispose() => _progress.Dispose();

    private void Write(TerminalStream stream, string text)
    {
        lock (_gate)
        {
            if (stream.IsTerminal)
            {
                // The progress lines are drawn again below this text by the next record or tick.
                _progress.Erase();
            }

            stream.Write(text);
        }
    }
}
