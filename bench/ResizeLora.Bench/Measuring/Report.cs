using System.Globalization;
using System.Text;

namespace ResizeLora.Bench.Measuring;

/// <summary>Writes figures as Markdown, for the console and for docs/performance.md alike.</summary>
internal sealed class Report
{
    /// <summary>The part of the page that has the figures of other kinds of adapters.</summary>
    public const string Kinds = "figures of kinds";

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

    /// <summary>Adds the table of times and memory.</summary>
    /// <param name="figures">The workloads.</param>
    public void AddTable(IReadOnlyList<WorkloadFigures> figures)
    {
        text.Append(
            "\n| | workload | reference, s | engine, s | ratio | floor, s | engine / floor |\n| --- | --- | ---: | ---: | ---: | ---: | "
                + "---: |\n"
        );
        foreach (WorkloadFigures line in figures)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {line.Workload.Id} | {line.Workload.Title} | {line.Reference:0.00} | {line.Engine:0.00} | "
                    + $"{line.Reference / line.Engine:0.0}× | {line.Floor:0.00} | {line.Engine / line.Floor:0.0}× |\n"
            );
        }

        if (figures.Any(static line => line.Memory is not null))
        {
            text.Append(
                "\n| | the engine's peak memory, MiB | resident | anonymous | mapped files |\n| --- | --- | ---: | ---: | ---: |\n"
            );
            foreach (WorkloadFigures line in figures)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| {line.Workload.Id} | {line.Workload.Title} | {line.Memory?.Resident >> 20} | {line.Memory?.Anonymous >> 20} | "
                        + $"{line.Memory?.Mapped >> 20} |\n"
                );
            }
        }
    }

    /// <summary>Adds the errors.</summary>
    /// <param name="accuracy">The errors.</param>
    public void AddAccuracy(Accuracy accuracy)
    {
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n| worst relative error over {accuracy.Layers} layers, against float64 | reference | engine |\n| --- | ---: | ---: |\n"
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"| σ of the LoRA, σ ≥ 1e-4·σ₁ | {accuracy.ReferenceSigma:0.0e+0} | {accuracy.EngineSigma:0.0e+0} |\n"
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"| σ_max of the base | {accuracy.ReferenceBase:0.0e+0} | {accuracy.EngineBase:0.0e+0} |\n"
        );
    }

    /// <summary>Adds the table of other kinds of adapters.</summary>
    /// <param name="figures">The files.</param>
    public void AddKinds(IReadOnlyList<KindFigures> figures)
    {
        text.Append("\n| | s | peak memory, MiB | input, MB | output, MB |\n| --- | ---: | ---: | ---: | ---: |\n");
        foreach (KindFigures line in figures)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {line.Title} | {line.Seconds:0.0} | {line.Resident >> 20} | {line.OldLength / 1e6:0} | {line.NewLength / 1e6:0} |\n"
            );
        }
    }

    /// <summary>Adds the times of starting.</summary>
    /// <param name="startUp">The times.</param>
    public void AddStartUp(StartUp startUp)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n| beyond an empty command ({startUp.Empty:0.00} s) | s |\n| --- | ---: |\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"| Import-Module | {startUp.Import:0.00} |\n| first output of a one-layer job, libtorch loaded | "
                + $"{startUp.FirstOutput:0.00} |\n| the sample LoRA resized | {startUp.Job:0.00} |\n"
        );
    }

    /// <summary>Puts the figures into a file: between the two marks of a page that has them, else alone.</summary>
    /// <param name="path">The file.</param>
    public void WriteTo(string path)
    {
        string page = File.Exists(path) ? File.ReadAllText(path) : string.Empty;
        string firstMark = $"<!-- {part} -->";
        int start = page.IndexOf(firstMark, StringComparison.Ordinal);
        int end = page.IndexOf($"<!-- end of {part} -->", StringComparison.Ordinal);
        File.WriteAllText(path, start >= 0 && end > start ? $"{page[..(start + firstMark.Length)]}\n{this}{page[end..]}" : ToString());
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();
}
