using System.Diagnostics;
using System.Globalization;
using ResizeLora.Bench.Fuzzing;
using ResizeLora.Bench.Generation;
using ResizeLora.Bench.Measuring;
using ResizeLora.Bench.Profiling;
using ResizeLora.Bench.Workloads;

namespace ResizeLora.Bench;

/// <summary>One run of the program, from its options to its tables.</summary>
/// <param name="options">The options.</param>
internal sealed class BenchRun(BenchOptions options)
{
    private const string StartUpKey = "start";

    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>Does what the options ask for.</summary>
    public void Execute()
    {
        if (options.Generate is { } target)
        {
            new BenchFiles(Path.GetFullPath(target), options.Small).Generate(Say);
        }
        else if (options.Fuzz is { } duration)
        {
            Environment.ExitCode = FuzzRun.Run(duration, Say) ? 0 : 1;
        }
        else if (options.WatchedKind is not null)
        {
            new KindBench(options, Say).RunWatched();
        }
        else if (options.Kinds)
        {
            MeasureKinds();
        }
        else if (options.WatchedWorkload is { } key)
        {
            var files = new BenchFiles(options.Folder, options.Small);
            Workload watched = Workload.All(files).Single(workload => workload.Key == key);
            WorkloadRunner.RunWatched(watched, new EngineProgram(files, OutputFolder(options.Folder), options.Device));
        }
        else if (options.Small)
        {
            DirectoryInfo temporary = Directory.CreateTempSubdirectory("resizelora-bench-");
            try
            {
                new BenchRun(options with { Folder = temporary.FullName }).MeasureAll();
            }
            finally
            {
                temporary.Delete(recursive: true);
            }
        }
        else
        {
            MeasureAll();
        }
    }

    private static string OutputFolder(string folder) => Directory.CreateDirectory(Path.Combine(folder, "output")).FullName;

    private void MeasureKinds()
    {
        var report = new Report(
            string.Create(CultureInfo.InvariantCulture, $"Real shapes, fp16, files in the page cache; the median of {options.Runs} runs."),
            Report.Kinds
        );
        report.AddKinds(new KindBench(options, Say).Measure());
        Console.WriteLine(report);
        if (options.Markdown is { } path)
        {
            report.WriteTo(path);
        }
    }

    private void MeasureAll()
    {
        var files = new BenchFiles(options.Folder, options.Small);
        files.Generate(Say);
        if (options.Profile)
        {
            SpectraProfile.Print(files);
            NormProfile.Print(files);
            ProjectionProfile.Print(files);
            return;
        }

        // First, while this process holds little: a start suffers where memory is short.
        string outputFolder = OutputFolder(options.Folder);
        StartUp? startUp = options.Only.Count == 0 || options.Only.Contains(StartUpKey) ? StartUpCheck.Measure(outputFolder) : null;
        var runner = new WorkloadRunner(options, new BenchPrograms(files, outputFolder, options.Device), Say);
        Workload[] workloads = Workload
            .All(files)
            .Where(workload => options.Only.Count == 0 || options.Only.Contains(workload.Id))
            .ToArray();
        string shapes = options.Small ? "Shapes a quarter as wide as SDXL's" : "Full SDXL shapes";
        var report = new Report(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{shapes}, fp16, files in the page cache; each time the median of {options.Runs} runs in turn or more."
            )
        );
        report.AddTable(workloads.Select(runner.Measure).ToArray());
        if (options.Only.Count == 0)
        {
            report.AddAccuracy(AccuracyCheck.Measure(files));
        }

        if (startUp is not null)
        {
            report.AddStartUp(startUp);
        }
        else if (options.Only.Count == 0)
        {
            Say("Start-up was not measured: build the solution first, so that out/ResizeLora is there.");
        }

        Console.WriteLine(report);
        if (options.Markdown is { } path)
        {
            report.WriteTo(path);
        }
    }

    private void Say(string text) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{clock.Elapsed.TotalSeconds,6:0.0}] {text}"));
}
