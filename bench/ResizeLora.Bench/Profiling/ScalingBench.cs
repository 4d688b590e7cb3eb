using System.Globalization;
using System.Text.Json;
using ResizeLora.Bench.Generation;
using ResizeLora.Bench.Measuring;
using ResizeLora.Bench.Workloads;

namespace ResizeLora.Bench.Profiling;

/// <summary>Measures W1 with as many threads as there are cores, and simulates it with more.</summary>
/// <param name="options">What to measure.</param>
/// <param name="outputFolder">Where outputs and norms are kept.</param>
/// <param name="report">Told of each run.</param>
internal sealed class ScalingBench(BenchOptions options, string outputFolder, Action<string> report)
{
    /// <summary>What the table shows, for its heading.</summary>
    public const string About =
        "each piece was measured on one thread, and the engine's schedule simulated; where threads wait for memory, they are slower";

    /// <summary>Measures and simulates.</summary>
    /// <param name="files">The files, which are there.</param>
    public MarkdownTable Measure(BenchFiles files)
    {
        string key = new WorkloadList(files).All[0].Key;
        var measured = new Dictionary<int, double>();
        for (int threads = 1; threads <= Environment.ProcessorCount; threads *= 2)
        {
            (string output, _) = ChildProcess.RunSelf(options.ForChild(key, watched: false), threads);
            measured.Add(threads, JsonSerializer.Deserialize<double>(output));
            report(string.Create(CultureInfo.InvariantCulture, $"{key}: {measured[threads]:0.00} s on {threads} threads"));
        }

        return ScalingReport.Simulate(ScalingProfile.Measure(files, outputFolder), measured);
    }
}
