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
/// <param name="outputFolder">Where outputs and norms are kept.</param>
/// <param name="report">Told of each run.</param>
internal sealed class WorkloadRunner(BenchOptions options, string outputFolder, Action<string> report)
{
    // Short workloads are repeated until this much time has passed: a disturbance of seconds is then one run of many.
    private const int MostRunsForOne = 5;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(75);

    private readonly ReferenceProgram reference = new(outputFolder);
    private readonly EngineProgram engine = new(outputFolder, options.Device);

    /// <summary>Measures one workload.</summary>
    /// <param name="workload">The workload.</param>
    public WorkloadFigures Measure(Workload workload)
    {
        IBenchProgram[] programs = workload.Estimate is null ? [reference, engine] : [engine];
        var times = programs.ToDictionary(static program => program, static _ => new List<double>());
        var floorTimes = new List<double>();

        double estimate = workload.Estimate?.Invoke() ?? 0;
        if (workload.Estimate is not null)
        {
            report(string.Create(CultureInfo.InvariantCulture, $"{workload.Key}: reference {estimate:0.00} s, extrapolated"));
        }

        // One run of the floor that does not count brings the files into the page cache.
        workload.Floor();
        var clock = Stopwatch.StartNew();
        for (int run = 0; run < options.Runs || (run < MostRunsForOne * options.Runs && clock.Elapsed < Enough && !options.Small); run++)
        {
            floorTimes.Add(Time(workload.Floor));
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
                RemoveOutputs();
            }
        }

        foreach (IBenchProgram program in programs)
        {
            program.FreeSubspaces();
        }

        return new WorkloadFigures(
            workload,
            workload.Estimate is null ? Median(times[reference]) : estimate,
            Median(times[engine]),
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

    /// <summary>The child's part of measuring with fewer processors: times the second run of the engine and prints its seconds.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="engine">The engine.</param>
    public static void RunTimed(Workload workload, EngineProgram engine)
    {
        workload.Prepare(engine);
        workload.Run(engine);
        workload.Prepare(engine);
        Console.WriteLine(JsonSerializer.Serialize(Time(() => workload.Run(engine))));
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
        RemoveOutputs();
        return JsonSerializer.Deserialize<MemoryPeak>(output);
    }

    // Those of ten recipes, of both sides, would take gigabytes of the memory that the files lie in.
    private void RemoveOutputs() => Array.ForEach(Directory.GetFiles(outputFolder, "*.safetensors"), File.Delete);
}
