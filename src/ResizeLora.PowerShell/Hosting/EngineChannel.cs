using System.Collections.Concurrent;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>
/// What engine work on other threads tells the pipeline's thread, the only one that may write to the pipeline: notes and
/// output in their order, and of progress the latest.
/// </summary>
internal sealed class EngineChannel : IProgress<EngineEvent>, IDisposable
{
    // Enough to keep the workers going while the pipeline is busy, small enough that they wait for a slow one.
    private const int Capacity = 64;

    private readonly BlockingCollection<object> items = new(Capacity);
    private readonly CancellationToken cancellationToken;
    private EngineProgress? progress;

    public EngineChannel(CancellationToken cancellationToken)
    {
        this.cancellationToken = cancellationToken;
    }

    /// <summary>Whether all has been said and taken.</summary>
    public bool IsCompleted => items.IsCompleted;

    /// <inheritdoc/>
    public void Report(EngineEvent value)
    {
        if (value is EngineProgress step)
        {
            Interlocked.Exchange(ref progress, step);
        }
        else
        {
            Write(value);
        }
    }

    /// <summary>Hands an object to the pipeline; waits while it is busy.</summary>
    public void Write(object item) => items.Add(item, cancellationToken);

    /// <summary>Says that nothing more will come.</summary>
    public void Complete() => items.CompleteAdding();

    /// <summary>Takes the next item, waiting a moment for it.</summary>
    public bool TryTake(out object? item, TimeSpan patience) => items.TryTake(out item, patience);

    /// <summary>Takes the latest progress, if there is any since the last time.</summary>
    public EngineProgress? TakeProgress() => Interlocked.Exchange(ref progress, null);

    /// <inheritdoc/>
    public void Dispose() => items.Dispose();
}
