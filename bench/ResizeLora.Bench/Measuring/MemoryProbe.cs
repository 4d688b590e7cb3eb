using System.Globalization;

namespace ResizeLora.Bench.Measuring;

/// <summary>Watches this process's memory as Linux counts it, until it is stopped.</summary>
internal sealed class MemoryProbe
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly Thread sampler;
    private volatile bool stopped;
    private long anonymous;
    private long mapped;

    private MemoryProbe()
    {
        // Writing 5 sets VmHWM back to what is resident now (proc(5)).
        File.WriteAllText("/proc/self/clear_refs", "5");
        sampler = new Thread(Sample) { IsBackground = true, Name = "memory probe" };
        sampler.Start();
    }

    /// <summary>Starts watching.</summary>
    public static MemoryProbe Start() => new();

    /// <summary>Ends watching.</summary>
    public MemoryPeak Stop()
    {
        stopped = true;
        sampler.Join();
        return new MemoryPeak(Read("VmHWM"), anonymous, mapped);
    }

    private static long Read(string key)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith($"{key}:", StringComparison.Ordinal));
        string[] parts = line.Split(['\t', ' '], StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(parts[1], CultureInfo.InvariantCulture) * 1024;
    }

    private void Sample()
    {
        while (!stopped)
        {
            anonymous = Math.Max(anonymous, Read("RssAnon"));
            mapped = Math.Max(mapped, Read("RssFile"));
            Thread.Sleep(Interval);
        }
    }
}
