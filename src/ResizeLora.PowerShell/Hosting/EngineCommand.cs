using System.Management.Automation;
using ResizeLora.Compute;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>
/// The base of all cmdlets that compute: runs engine work on other threads, brings its notes, output and progress to the
/// pipeline, and ends it when the pipeline is stopped.
/// </summary>
public abstract class EngineCommand : PSCmdlet, IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stopped = new();
    private readonly ProgressReporter progress = new();
    private bool disposed;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs engine work and waits for it, writing what it reports.</summary>
    /// <param name="work">The work; what it writes to the channel goes down the pipeline.</param>
    /// <returns>The work's result.</returns>
    internal T Run<T>(Func<EngineChannel, CancellationToken, T> work)
    {
        // Besides the pipeline's stop, the end of this call ends the work: a command downstream may have had enough.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token);
        using var channel = new EngineChannel(ended.Token);
        Task<T> task = Task.Run(() =>
        {
            try
            {
                return work(channel, ended.Token);
            }
            finally
            {
                channel.Complete();
            }
        });
        try
        {
            while (!channel.IsCompleted)
            {
                if (channel.TryTake(out object? item, PollInterval))
                {
                    Write(item!);
                }

                if (channel.TakeProgress() is { } step)
                {
                    ReportProgress(step);
                }
            }

            return task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            ended.Cancel();
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>
    /// Runs work on one item; a failure that concerns only this item becomes a non-terminating error. Without libtorch the next item would
    /// fail in the same way.
    /// </summary>
    /// <param name="target">The item, the error's target object.</param>
    /// <param name="work">The work.</param>
    internal void Attempt(object target, Action work)
    {
        try
        {
            work();
        }
        catch (TorchRuntimeException exception)
        {
            CompleteProgress();
            ThrowTerminatingError(EngineError.Create(exception, target));
        }
        catch (Exception exception) when (EngineError.IsFailure(exception))
        {
            BeforeError();
            WriteError(EngineError.Create(exception, target));
        }
    }

    /// <summary>Called before an error is written, which may end the command.</summary>
    protected virtual void BeforeError() { }

    /// <summary>Runs work without which nothing can be done; a failure ends the command.</summary>
    /// <param name="target">What it concerns.</param>
    /// <param name="work">The work.</param>
    internal T Require<T>(object? target, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (EngineError.IsFailure(exception))
        {
            ThrowTerminatingError(EngineError.Create(exception, target));
            throw;
        }
    }

    /// <summary>Says which of how many items is worked on.</summary>
    /// <param name="activity">What is done to them.</param>
    /// <param name="item">The item.</param>
    /// <param name="index">Its place, from 0.</param>
    /// <param name="count">How many there are, or null where that is not known.</param>
    protected void StartItem(string activity, string item, int index, int? count) => progress.Start(this, activity, item, index, count);

    /// <summary>Takes the progress display away.</summary>
    protected virtual void CompleteProgress() => progress.Complete(this);

    /// <summary>Shows how far the work has come.</summary>
    /// <param name="latest">The latest that the work has told.</param>
    protected virtual void ReportProgress(EngineProgress latest) => progress.Report(this, latest);

    /// <inheritdoc/>
    protected override void StopProcessing() => stopped.Cancel();

    /// <summary>Releases what the command holds.</summary>
    /// <param name="disposing">Whether managed objects are released too.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            stopped.Dispose();
        }
    }

    private void Write(object item)
    {
        switch (item)
        {
            case EngineNote { Level: EngineNoteLevel.Warning } note:
                // A note that ends with names has no full stop.
                WriteWarning(EngineError.AdviceFor(note.Case) is { } advice ? $"{note.Text.TrimEnd('.')}. {advice}" : note.Text);
                break;
            case EngineNote note:
                WriteVerbose(note.Text);
                break;
            default:
                WriteObject(item);
                break;
        }
    }
}
