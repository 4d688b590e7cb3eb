namespace ResizeLora.Bench.Profiling;

/// <summary>Simulates how LayerWorkers spreads pieces of known length over threads that do not disturb each other.</summary>
internal static class Schedule
{
    /// <summary>What LayerWorkers.ForEach takes: each thread takes the next piece when it is free.</summary>
    /// <param name="pieces">What each piece takes on one thread, in their order.</param>
    /// <param name="threads">How many threads.</param>
    /// <returns>When the last piece is done.</returns>
    public static double ForEach(IReadOnlyList<double> pieces, int threads)
    {
        var free = new PriorityQueue<double, double>();
        free.EnqueueRange(Enumerable.Repeat((0.0, 0.0), threads));
        double last = 0;
        foreach (double piece in pieces)
        {
            double done = free.Dequeue() + piece;
            free.Enqueue(done, done);
            last = Math.Max(last, done);
        }

        return last;
    }

    /// <summary>
    /// What LayerWorkers.InOrder takes: results are taken in order by one more thread, and no more than so many pieces are ahead of it.
    /// </summary>
    /// <param name="pieces">What each piece takes on one thread, in their order.</param>
    /// <param name="taking">What taking each result takes, such as writing it.</param>
    /// <param name="threads">How many threads.</param>
    /// <param name="ahead">How many pieces may be begun or waiting for each thread.</param>
    /// <returns>When the last result was taken.</returns>
    public static double InOrder(IReadOnlyList<double> pieces, IReadOnlyList<double> taking, int threads, int ahead)
    {
        var free = new PriorityQueue<double, double>();
        free.EnqueueRange(Enumerable.Repeat((0.0, 0.0), threads));
        double[] done = new double[pieces.Count];
        double taken = 0;
        int begun = 0;
        for (int next = 0; next < pieces.Count; next++)
        {
            // A piece is handed out as soon as the one that is so far behind it was taken.
            for (; begun < pieces.Count && begun <= next + (ahead * threads); begun++)
            {
                done[begun] = Math.Max(free.Dequeue(), taken) + pieces[begun];
                free.Enqueue(done[begun], done[begun]);
            }

            taken = Math.Max(taken, done[next]) + taking[next];
        }

        return taken;
    }
}
