using System.Diagnostics;
using ResizeLora.Adapters;
using ResizeLora.Compute;
using TorchSharp;

namespace ResizeLora.Bench.Workloads;

/// <summary>Extrapolates what an algorithm takes for a whole file: one layer of each shape is timed, and counts for all like it.</summary>
internal static class LayerSample
{
    // What takes longer is not repeated to be measured warm.
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(100);

    /// <summary>Times the layers of the sample.</summary>
    /// <param name="path">The file.</param>
    /// <param name="work">Does one layer.</param>
    /// <returns>Seconds for all layers.</returns>
    public static double Seconds(string path, Action<Adapter, AdapterLayer> work)
    {
        NativeLibraries.EnsureLoaded();
        torch.set_num_threads(Environment.ProcessorCount);
        using var adapter = Adapter.Open(path);
        return adapter
            .Layers.GroupBy(static layer => (layer.OutFeatures, layer.InFeatures, layer.Rank))
            .Sum(shape => shape.Count() * Seconds(() => work(adapter, shape.ElementAt(shape.Count() / 2))));
    }

    private static double Seconds(Action work)
    {
        TimeSpan elapsed = Time(work);
        return (elapsed < LongEnough ? Time(work) : elapsed).TotalSeconds;
    }

    private static TimeSpan Time(Action work)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed;
    }
}
