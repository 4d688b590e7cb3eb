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
    private const string TypesKey = "types";

    private readonly Stopwatch clock = Stopwatch.StartNew();

    private string Shapes => options.Small ? "Shapes a quarter as wide as the models'" : "Full shapes";

    /// <summary>Does what the options ask for.</summary>
    public void Execute()
    {
        if (options.Generate is { } target)
        {
            new BenchFiles(Path.GetFullPath(target), options.Small).Sdxl.Generate(Say);
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
        else if ((options.WatchedWorkload ?? options.TimedWorkload) is { } key)
        {
            RunChild(key);
        }
        else if (options.Small)
        {
            DirectoryInfo temporary = Directory.CreateTempSubdirectory("resizelora-bench-");
            try
            {
                new BenchRun(options with { Folder = temporary.FullName }).MeasureWanted();
            }
            finally
            {
                temporary.Delete(recursive: true);
            }
        }
        else
        {
            MeasureWanted();
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
        Publish(report);
    }

    private void RunChild(string key)
    {
        Workload workload = new WorkloadList(new BenchFiles(options.Folder, options.Small)).All.Single(workload => workload.Key == key);
        var engine = new EngineProgram(OutputFolder(options.Folder), options.Device);
        if (options.WatchedWorkload is null)
        {
            WorkloadRunner.RunTimed(workload, engine);
        }
        else
        {
            WorkloadRunner.RunWatched(workload, engine);
        }
    }

    private void MeasureWanted()
    {
        var files = new BenchFiles(options.Folder, options.Small);
        var shelf = new FileShelf(options.Keep, Say);
        string outputFolder = OutputFolder(options.Folder);
        if (options.Profile)
        {
            shelf.Fetch([files.Sdxl]);
            SpectraProfile.Print(files);
            NormProfile.Print(files);
            ProjectionProfile.Print(files);
        }
        else if (options.Scaling)
        {
            shelf.Fetch([files.Sdxl]);
            MeasureScaling(files, outputFolder);
        }
        else
        {
            MeasureWorkloads(files, shelf, outputFolder);
            if (IsWanted(TypesKey))
            {
                MeasureTypes(shelf, files.Divisor, outputFolder);
            }
        }

        shelf.RemoveAllBut([]);
    }

    private bool IsWanted(string key) => options.Only.Count == 0 || options.Only.Contains(key);

    private void MeasureWorkloads(BenchFiles files, FileShelf shelf, string outputFolder)
    {
        Workload[] workloads = [.. new WorkloadList(files).All.Where(workload => IsWanted(workload.Id))];
        bool startWanted = IsWanted(StartUpKey);
        if (workloads.Length == 0 && !startWanted)
        {
            return;
        }

        // First, while this process holds little: a start suffers where memory is short.
        StartUp? startUp = startWanted ? StartUpCheck.Measure(outputFolder) : null;
        var report = new Report(Scope("files in the page cache; each time the median of", "runs in turn or more"));
        Accuracy? accuracy = null;
        if (options.Only.Count == 0)
        {
            shelf.Fetch([files.Sdxl]);
            accuracy = AccuracyCheck.Measure(files);
        }

        var series = new WorkloadSeries(options, files, shelf, outputFolder, Say);
        if (workloads.Length > 0)
        {
            report.AddWorkloads(series.Measure(workloads));
        }

        if (accuracy is not null)
        {
            report.AddAccuracy(accuracy);
        }

        if (startUp is not null)
        {
            report.AddStartUp(startUp);
        }
        else if (startWanted)
        {
            Say("Start-up was not measured: build the solution first, so that out/ResizeLora is there.");
        }

        if (series.Pipeline is not null)
        {
            report.AddPipeline(series.Pipeline);
        }

        Publish(report);
    }

    private void MeasureTypes(FileShelf shelf, int divisor, string outputFolder)
    {
        var files = new TypeFiles(options.Folder, divisor);
        shelf.Fetch([files.Set]);
        var report = new Report(Scope("files in the page cache; each time the median of", "runs in turn"), Report.Types);
        report.AddTypes(new TypeBench(files, outputFolder, Say).Measure(options.Runs));
        Publish(report);
    }

    private void MeasureScaling(BenchFiles files, string outputFolder)
    {
        var report = new Report($"{Shapes}; W1: {ScalingBench.About}.", Report.Scaling);
        report.Add(new ScalingBench(options, outputFolder, Say).Measure(files));
        Publish(report);
    }

    private string Scope(string what, string runs) =>
        string.Create(CultureInfo.InvariantCulture, $"{Shapes}, {what} {options.Runs} {runs}.");

    private void Publish(Report report)
    {
        Console.WriteLine(report);
        if (options.Markdown is { } path)
        {
            report.WriteTo(path);
        }
    }

    private void Say(string text) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{clock.Elapsed.TotalSeconds,6:0.0}] {text}"));
}
