using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ResizeLora.Bench.Generation;

namespace ResizeLora.Bench.Measuring;

/// <summary>Measures the other kinds of adapters at real shapes: each run in a process of its own.</summary>
/// <param name="options">What to measure.</param>
/// <param name="report">Told of each run.</param>
internal sealed class KindBench(BenchOptions options, Action<string> report)
{
    private const string Output = "output.safetensors";

    /// <summary>Measures all of them.</summary>
    public IReadOnlyList<KindFigures> Measure()
    {
        var files = new KindFiles(options.Folder);
        files.Generate(report);
        return [.. files.Jobs.Select(MeasureOne)];
    }

    /// <summary>The child's part: runs one of them and prints what it took.</summary>
    public void RunWatched()
    {
        KindJob watched = new KindFiles(options.Folder).Jobs.Single(job => job.Key == options.WatchedKind);
        var probe = MemoryProbe.Start();
        var clock = Stopwatch.StartNew();
        long length = watched.Run(Path.Combine(options.Folder, Output));
        double seconds = clock.Elapsed.TotalSeconds;
        var figures = new KindFigures(watched.Title, seconds, probe.Stop().Resident, Length(watched), length);
        Console.WriteLine(JsonSerializer.Serialize(figures));
    }

    private static long Length(KindJob job) => new FileInfo(job.Lora).Length;

    private KindFigures MeasureOne(KindJob job)
    {
        var runs = new List<KindFigures>();
        for (int run = 0; run < options.Runs; run++)
        {
            (string output, _) = ChildProcess.RunSelf(["--folder", options.Folder, "--watch-kind", job.Key]);
            runs.Add(JsonSerializer.Deserialize<KindFigures>(output)!);
            report(string.Create(CultureInfo.InvariantCulture, $"{job.Key}: {runs[^1].Seconds:0.0} s, {runs[^1].Resident >> 20} MiB"));
        }

        KindFigures median = runs.OrderBy(static run => run.Seconds).ElementAt((runs.Count - 1) / 2);
        return median with { Resident = runs.Max(static run => run.Resident) };
    }
}

/// <summary>What one file of another kind took.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Seconds">The median time.</param>
/// <param name="Resident">The highest resident memory, in bytes.</param>
/// <param name="OldLength">The size of the input in bytes.</param>
/// <param name="NewLength">The size of the output in bytes.</param>
internal sealed record KindFigures(string Title, double Seconds, long Resident, long OldLength, long NewLength);
