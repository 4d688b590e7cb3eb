using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ResizeLora;

/// <summary>Runs independent pieces of work, layers mostly, on several threads; results never depend on how many.</summary>
internal static class LayerWorkers
{
    // Enough that no thread waits for the one who takes the results, while the layers are small; little beside their file.
    private const int AheadOfEachThread = 12;

    // Large results wait for one another only as far as they fit into this, on any number of threads.
    private const long MostWaitingBytes = 128L << 20;

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
    /// <param name="bytesOf">How much memory a piece's result takes; null where it is little.</param>
    /// <param name="mostBytes">How much the results take that wait or are worked on; one is in any case.</param>
    public static IEnumerable<TResult> InOrder<T, TResult>(
        IEnumerable<T> pieces,
        int threads,
        Func<T, TResult> work,
        CancellationToken cancellationToken,
        Func<T, long>? bytesOf = null,
        long mostBytes = MostWaitingBytes
    )
    {
        TaskScheduler scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pending = new Queue<(Task<TResult> Task, long Bytes)>();
        long waiting = 0;
        TResult Take()
        {
            cancellationToken.ThrowIfCancellationRequested();
            (Task<TResult> task, long bytes) = pending.Dequeue();
            waiting -= bytes;
            return task.GetAwaiter().GetResult();
        }

        try
        {
            foreach (T piece in pieces)
            {
                long bytes = bytesOf?.Invoke(piece) ?? 0;
                while (pending.Count > 0 && waiting + bytes > mostBytes)
                {
                    yield return Take();
                }

                waiting += bytes;
                pending.Enqueue((Task.Factory.StartNew(() => work(piece), abandoned.Token, TaskCreationOptions.None, scheduler), bytes));
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
            foreach ((Task<TResult> task, _) in pending)
            {
                ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            }
        }
    }
}
