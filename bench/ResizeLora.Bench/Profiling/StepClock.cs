using System.Diagnostics;
using System.Globalization;

namespace ResizeLora.Bench.Profiling;

/// <summary>Adds up, over all threads, the time that named steps take.</summary>
internal sealed class StepClock
{
    private readonly List<string> order = [];
    private readonly Dictionary<string, TimeSpan> totals = new(StringComparer.Ordinal);
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>Times a step.</summary>
    /// <param name="step">Its name.</param>
    /// <param name="work">The step.</param>
    public T Time<T>(string step, Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        T result = work();
        Add(step, Stopwatch.GetElapsedTime(start));
        return result;
    }

    /// <summary>Adds time that was taken elsewhere.</summary>
    /// <param name="step">The step's name.</param>
    /// <param name="elapsed">The time.</param>
    public void Add(string step, TimeSpan elapsed)
    {
        lock (totals)
        {
            if (totals.TryAdd(step, elapsed))
            {
                order.Add(step);
            }
            else
            {
                totals[step] += elapsed;
            }
        }
    }

    /// <summary>Prints the steps in the order in which they first came, and the time that passed on the wall.</summary>
    /// <param name="title">What was profiled.</param>
    public void Print(string title)
    {
        TimeSpan wall = clock.Elapsed;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\n{title}: {wall.TotalSeconds:0.00} s on {Environment.ProcessorCount} threads\n\n| step | thread-seconds |\n| --- | "
                    + $"---: |"
            )
        );
        foreach (string step in order)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {step} | {totals[step].TotalSeconds:0.00} |"));
        }
    }
}
