using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ResizeLora.Bench.Workloads;

namespace ResizeLora.Bench.Measuring;

/// <summary>
/// Measures workloads: time with both sides in this process, in turn, so that a disturbance hits both; the
/// engine's memory in a process of its own, so that it does not inherit what the reference's allocator kept.
/// </summary>
/// <param name="options">What to measure.</param>
/// <param name="bench">The sides.</param>
/// <param name="report">Told of each run.</param>
internal sealed class WorkloadRunner(BenchOptions options, BenchPrograms bench, Action<string> report)
{
    // Short workloads are repeated until this much time has passed: a disturbance of seconds is then one run of many.
    private const int MostRunsForOne = 5;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(75);

    /// <summary>Measures one workload.</summary>
    /// <param name="workload">The workload.</param>
    public WorkloadFigures Measure(Workload workload)
    {
        IBenchProgram[] programs = [bench.Reference, bench.Engine];
        var times = programs.ToDictionary(static program => program, static _ => new List<double>());
        var floorTimes = new List<double>();

        // One run of the floor that does not count brings the files into the page cache.
        workload.Floor(bench.Floor);
        var clock = Stopwatch.StartNew();
        for (int run = 0; run < options.Runs || (run < MostRunsForOne * options.Runs && clock.Elapsed < Enough && !options.Small); run++)
        {
            floorTimes.Add(Time(() => workload.Floor(bench.Floor)));
            foreach (IBenchProgram program in programs)
            {
                workload.Prepare(program);
                TimeSpan processor = Environment.CpuUsage.TotalTime;
                times[program].Add(Time(() => workload.Run(program)));

                // Much less processor time than cores · time tells that something else was running.
                processor = Environment.CpuUsage.TotalTime - processor;
                report(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{workload.Key}: {program.Name} {times[program][^1]:0.00} s, of processors {processor.TotalSeconds:0.00} s"
                    )
                );
            }
        }

        return new WorkloadFigures(
            workload,
            Median(times[bench.Reference]),
            Median(times[bench.Engine]),
            Median(floorTimes),
            MeasureMemory(workload)
        );
    }

    /// <summary>The child's part of measuring memory: runs the engine once and prints what it took.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="engine">The engine.</param>
    public static void RunWatched(Workload workload, EngineProgram engine)
    {
        workload.Prepare(engine);
        var probe = MemoryProbe.Start();
        workload.Run(engine);
        Console.WriteLine(JsonSerializer.Serialize(probe.Stop()));
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double Time(Action work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalSeconds;
    }

    private MemoryPeak? MeasureMemory(Workload workload)
    {
        if (!options.Memory || !OperatingSystem.IsLinux())
        {
            return null;
        }

        (string output, _) = ChildProcess.RunSelf(options.ForChild(workload.Key));
        return JsonSerializer.Deserialize<MemoryPeak>(output);
    }
}
