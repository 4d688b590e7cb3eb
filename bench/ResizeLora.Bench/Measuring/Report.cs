using System.Globalization;
using System.Text;

namespace ResizeLora.Bench.Measuring;

/// <summary>Writes figures as Markdown, for the console and for docs/performance.md alike.</summary>
internal sealed class Report
{
    private readonly StringBuilder text = new();

    /// <summary>Starts with what the figures hold for.</summary>
    /// <param name="scope">The shapes and the number of runs.</param>
    public Report(string scope)
    {
        text.Append(CultureInfo.InvariantCulture, $"{Machine.Describe()}. {scope}\n");
    }

    /// <summary>Adds the table of times and memory.</summary>
    /// <param name="figures">The workloads.</param>
    public void AddTable(IReadOnlyList<WorkloadFigures> figures)
    {
        text.Append("\n| | workload | reference, s | engine, s | ratio | floor, s | engine / floor |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (WorkloadFigures line in figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {line.Workload.Id} | {line.Workload.Title} | {line.Reference:0.00} | {line.Engine:0.00} | {line.Reference / line.Engine:0.0}× | {line.Floor:0.00} | {line.Engine / line.Floor:0.0}× |\n");
        }

        if (figures.Any(static line => line.EngineMemory is not null))
        {
            text.Append("\n| | peak memory, MiB | reference, resident | of it anonymous | engine, resident | of it anonymous | mapped files |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n");
            foreach (WorkloadFigures line in figures)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {line.Workload.Id} | {line.Workload.Title} | {MiB(line.ReferenceMemory?.Resident)} | {MiB(line.ReferenceMemory?.Anonymous)} | {MiB(line.EngineMemory?.Resident)} | {MiB(line.EngineMemory?.Anonymous)} | {MiB(line.EngineMemory?.Mapped)} |\n");
            }
        }
    }

    /// <summary>Adds the errors.</summary>
    /// <param name="accuracy">The errors.</param>
    public void AddAccuracy(Accuracy accuracy)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n| worst relative error over {accuracy.Layers} layers, against float64 | reference | engine |\n| --- | ---: | ---: |\n");
        text.Append(CultureInfo.InvariantCulture, $"| σ of the LoRA, σ ≥ 1e-4·σ₁ | {accuracy.ReferenceSigma:0.0e+0} | {accuracy.EngineSigma:0.0e+0} |\n");
        text.Append(CultureInfo.InvariantCulture, $"| σ_max of the base | {accuracy.ReferenceBase:0.0e+0} | {accuracy.EngineBase:0.0e+0} |\n");
    }

    /// <summary>Adds the times of starting.</summary>
    /// <param name="startUp">The times.</param>
    public void AddStartUp(StartUp startUp)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n| beyond an empty command ({startUp.Empty:0.00} s) | s |\n| --- | ---: |\n");
        text.Append(CultureInfo.InvariantCulture, $"| Import-Module | {startUp.Import:0.00} |\n| first output of a one-layer job, libtorch loaded | {startUp.FirstOutput:0.00} |\n| the sample LoRA resized | {startUp.Job:0.00} |\n");
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    private static string MiB(long? bytes) => bytes is { } number ? (number >> 20).ToString(CultureInfo.InvariantCulture) : "";
}
