using ResizeLora.Bench.Generation;
using ResizeLora.Bench.Workloads;

namespace ResizeLora.Bench.Measuring;

/// <summary>Measures workloads one after another; the files of each are there while it, or one after it, needs them.</summary>
/// <param name="options">What to measure.</param>
/// <param name="files">The files.</param>
/// <param name="shelf">Makes and removes them.</param>
/// <param name="outputFolder">Where outputs and norms are kept.</param>
/// <param name="report">Told of each run.</param>
internal sealed class WorkloadSeries(BenchOptions options, BenchFiles files, FileShelf shelf, string outputFolder, Action<string> report)
{
    /// <summary>The batch in PowerShell, where its workload was among them and the module was built.</summary>
    public PipelineFigures? Pipeline { get; private set; }

    /// <summary>Measures.</summary>
    /// <param name="workloads">The workloads.</param>
    /// <returns>Their figures, in the same order.</returns>
    public IReadOnlyList<WorkloadFigures> Measure(IReadOnlyList<Workload> workloads)
    {
        var figures = new Dictionary<Workload, WorkloadFigures>();
        var runner = new WorkloadRunner(options, outputFolder, report);
        Workload[] ordered = ByFiles(workloads);
        for (int index = 0; index < ordered.Length; index++)
        {
            Workload workload = ordered[index];
            shelf.Fetch(workload.Files);
            figures.Add(workload, runner.Measure(workload));
            if (workload.FileCount > 1)
            {
                Pipeline = PipelineCheck.Measure(files, outputFolder, options.Runs);
            }

            shelf.RemoveAllBut(ordered.Skip(index + 1).SelectMany(static later => later.Files));
        }

        return [.. workloads.Select(workload => figures[workload])];
    }

    // Those of the same files come one after another, so that the files need not stay longer.
    private static Workload[] ByFiles(IReadOnlyList<Workload> workloads)
    {
        FileSet[] sets = [.. workloads.Select(static workload => workload.Files[0]).Distinct()];
        return [.. workloads.OrderBy(workload => Array.IndexOf(sets, workload.Files[0]))];
    }
}
