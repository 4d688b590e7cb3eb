using System.Globalization;
using System.Text;

namespace ResizeLora.Bench.Measuring;

/// <summary>Writes figures as Markdown, for the console and for docs/performance.md alike.</summary>
internal sealed class Report
{
    /// <summary>The part of the page that has the figures of other kinds of adapters.</summary>
    public const string Kinds = "figures of kinds";

    /// <summary>The part that has the norms of the types of base weights.</summary>
    public const string Types = "figures of types";

    /// <summary>The part that has the simulated growth with the threads.</summary>
    public const string Scaling = "figures of scaling";

    private const string Figures = "figures";

    private readonly StringBuilder text = new();
    private readonly string part;

    /// <summary>Starts with what the figures hold for.</summary>
    /// <param name="scope">The shapes and the number of runs.</param>
    /// <param name="part">The part of the page that they are for.</param>
    public Report(string scope, string part = Figures)
    {
        this.part = part;
        text.Append(CultureInfo.InvariantCulture, $"{Machine.Describe()}. {scope}\n");
    }

    /// <summary>Adds the tables of times and memory.</summary>
    /// <param name="figures">The workloads.</param>
    public void AddWorkloads(IReadOnlyList<WorkloadFigures> figures)
    {
        var times = new MarkdownTable(["", "workload", "reference, s", "engine, s", "ratio", "floor, s", "engine / floor"], textColumns: 2);
        foreach (WorkloadFigures line in figures)
        {
            string about = line.Workload.Estimate is null ? string.Empty : "≈ ";
            times.AddRow(
                $"{line.Workload.Id}",
                $"{line.Workload.Title}",
                $"{about}{line.Reference:0.00}",
                $"{line.Engine:0.00}",
                $"{about}{line.Reference / line.Engine:0.0}×",
                $"{line.Floor:0.00}",
                $"{line.Engine / line.Floor:0.0}×"
            );
        }

        Add(times);
        if (figures.Any(static line => line.Workload.Estimate is not null))
        {
            text.Append("\n≈: one layer of each shape was timed, and counts for all layers of that shape.\n");
        }

        AddShares(figures);
        if (figures.Any(static line => line.Memory is not null))
        {
            var memory = new MarkdownTable(["", "the engine's peak memory, MiB", "resident", "anonymous", "mapped files"], textColumns: 2);
            foreach (WorkloadFigures line in figures)
            {
                memory.AddRow(
                    $"{line.Workload.Id}",
                    $"{line.Workload.Title}",
                    $"{line.Memory?.Resident >> 20}",
                    $"{line.Memory?.Anonymous >> 20}",
                    $"{line.Memory?.Mapped >> 20}"
                );
            }

            Add(memory);
        }
    }

    /// <summary>Adds the errors.</summary>
    /// <param name="accuracy">The errors.</param>
    public void AddAccuracy(Accuracy accuracy)
    {
        var table = new MarkdownTable(
            [
                string.Create(CultureInfo.InvariantCulture, $"worst relative error over {accuracy.Layers} layers, against float64"),
                "reference",
                "engine",
            ]
        );
        table.AddRow($"σ of the LoRA, σ ≥ 1e-4·σ₁", $"{accuracy.ReferenceSigma:0.0e+0}", $"{accuracy.EngineSigma:0.0e+0}");
        table.AddRow($"σ_max of the base", $"{accuracy.ReferenceBase:0.0e+0}", $"{accuracy.EngineBase:0.0e+0}");
        Add(table);
    }

    /// <summary>Adds the table of other kinds of adapters.</summary>
    /// <param name="figures">The files.</param>
    public void AddKinds(IReadOnlyList<KindFigures> figures)
    {
        var table = new MarkdownTable(["", "s", "peak memory, MiB", "input, MB", "output, MB"]);
        foreach (KindFigures line in figures)
        {
            table.AddRow(
                $"{line.Title}",
                $"{line.Seconds:0.0}",
                $"{line.Resident >> 20}",
                $"{line.OldLength / 1e6:0}",
                $"{line.NewLength / 1e6:0}"
            );
        }

        Add(table);
    }

    /// <summary>Adds the norms of the types.</summary>
    /// <param name="figures">The types.</param>
    public void AddTypes(IReadOnlyList<TypeFigures> figures)
    {
        double fastest = figures.Min(static line => line.NanosecondsPerWeight);
        var table = new MarkdownTable(["norms of one base model", "ns / weight", "to the fastest", "file, MB"]);
        foreach (TypeFigures line in figures)
        {
            table.AddRow(
                $"{line.Type}",
                $"{line.NanosecondsPerWeight:0.000}",
                $"{line.NanosecondsPerWeight / fastest:0.00}×",
                $"{line.FileLength / 1e6:0}"
            );
        }

        Add(table);
    }

    /// <summary>Adds the times of starting.</summary>
    /// <param name="startUp">The times.</param>
    public void AddStartUp(StartUp startUp)
    {
        var table = new MarkdownTable(
            [string.Create(CultureInfo.InvariantCulture, $"beyond an empty command ({startUp.Empty:0.00} s)"), "s"]
        );
        table.AddRow($"Import-Module", $"{startUp.Import:0.00}");
        table.AddRow($"first output of a one-layer job, libtorch loaded", $"{startUp.FirstOutput:0.00}");
        table.AddRow($"the sample LoRA resized", $"{startUp.Job:0.00}");
        Add(table);
    }

    /// <summary>Adds a batch in one pipeline.</summary>
    /// <param name="pipeline">The figures.</param>
    public void AddPipeline(PipelineFigures pipeline)
    {
        var table = new MarkdownTable(["W8 in one pipeline of PowerShell, warm", "s", "s / file"]);
        table.AddRow($"start and {pipeline.Count} files", $"{pipeline.Seconds:0.00}", $"{pipeline.Seconds / pipeline.Count:0.000}");
        Add(table);
    }

    /// <summary>Adds a table.</summary>
    /// <param name="table">The table.</param>
    public void Add(MarkdownTable table) => text.Append('\n').Append(table);

    /// <summary>
    /// Puts the figures into a file: between the two marks of a page that has them, else behind what is there. A processor of each maker
    /// has its own part.
    /// </summary>
    /// <param name="path">The file.</param>
    public void WriteTo(string path)
    {
        string page = File.Exists(path) ? File.ReadAllText(path) : string.Empty;
        File.WriteAllText(path, PageParts.Replace(page, $"{part} on {Machine.Maker}", ToString()));
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    // What a file takes, where there are many, and what several recipes take beside one.
    private void AddShares(IReadOnlyList<WorkloadFigures> figures)
    {
        var table = new MarkdownTable(["", "workload", "reference", "engine"], textColumns: 2);
        WorkloadFigures[] many = [.. figures.Where(static line => line.Workload.FileCount > 1)];
        foreach (WorkloadFigures line in many)
        {
            int count = line.Workload.FileCount;
            table.AddRow(
                $"{line.Workload.Id}",
                $"{line.Workload.Title}: s / file",
                $"{line.Reference / count:0.000}",
                $"{line.Engine / count:0.000}"
            );
        }

        (WorkloadFigures Line, WorkloadFigures Other)[] compared =
        [
            .. figures.SelectMany(line =>
                figures.Where(other => other.Workload.Key == line.Workload.ComparedWith).Select(other => (line, other))
            ),
        ];
        foreach ((WorkloadFigures line, WorkloadFigures other) in compared)
        {
            table.AddRow(
                $"{line.Workload.Id}",
                $"{line.Workload.Title}: beside {other.Workload.Id} {other.Workload.Title}",
                $"{line.Reference / other.Reference:0.00}×",
                $"{line.Engine / other.Engine:0.00}×"
            );
        }

        if (many.Length + compared.Length > 0)
        {
            Add(table);
        }
    }
}
