using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ResizeLora;

/// <summary>Runs independent pieces of work, layers mostly, on several threads; results never depend on how many.</summary>
internal static class LayerWorkers
{
    // Enough that no thread waits for the one who takes the results, while the layers are small; little beside their file.
    private const int AheadOfEachThread = 12;

    /// <summary>Does all pieces, taking them in their order (put the largest first) and finishing in any.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="threads">How many are worked on at a time.</param>
    /// <param name="work">Does one piece.</param>
    /// <param name="cancellationToken">Ends the work between pieces.</param>
    public static void ForEach<T>(IReadOnlyList<T> pieces, int threads, Action<T> work, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        try
        {
            Parallel.ForEach(Partitioner.Create(pieces, EnumerablePartitionerOptions.NoBuffering), options, work);
        }
        catch (AggregateException exception)
        {
            // One cause is enough to say, and the engine's own says it best.
            Exception cause =
                exception.InnerExceptions.FirstOrDefault(static inner => inner is ResizeLoraException) ?? exception.InnerExceptions[0];
            ExceptionDispatchInfo.Throw(cause);
        }
    }

    /// <summary>Does all pieces and hands out their results in the order of the pieces, holding a few at most.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="threads">How many are worked on at a time.</param>
    /// <param name="work">Does one piece.</param>
    /// <param name="cancellationToken">Ends the work between pieces.</param>
    public static IEnumerable<TResult> InOrder<T, TResult>(
        IEnumerable<T> pieces,
        int threads,
        Func<T, TResult> work,
        CancellationToken cancellationToken
    )
    {
        TaskScheduler scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pending = new Queue<Task<TResult>>();
        TResult Take()
        {
            cancellationToken.ThrowIfCancellationRequested();
            return pending.Dequeue().GetAwaiter().GetResult();
        }

        try
        {
            foreach (T piece in pieces)
            {
                pending.Enqueue(Task.Factory.StartNew(() => work(piece), abandoned.Token, TaskCreationOptions.None, scheduler));
                if (pending.Count > AheadOfEachThread * threads)
                {
                    yield return Take();
                }
            }

            while (pending.Count > 0)
            {
                yield return Take();
            }
        }
        finally
        {
            // Nobody may still be reading a file that the caller is about to close.
            abandoned.Cancel();
            foreach (Task<TResult> task in pending)
            {
                ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            }
        }
    }
}
