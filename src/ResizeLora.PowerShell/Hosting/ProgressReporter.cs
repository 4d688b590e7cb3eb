using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>Shows progress as PowerShell does: the files as the outer activity with the time left, the step at hand below it.</summary>
internal sealed class ProgressReporter
{
    private const int OuterId = 5001;
    private const int InnerId = 5002;

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private string activity = "Working";
    private string item = "...";
    private int index;
    private int? count = 1;
    private bool shown;

    public void Start(Cmdlet command, string activity, string item, int index, int? count)
    {
        (this.activity, this.item, this.index, this.count) = (activity, item, index, count);
        WriteOuter(command, within: 0);
    }

    public void Report(Cmdlet command, EngineProgress step)
    {
        double within = step.Total > 0 ? Math.Min(1, (double)step.Done / step.Total) : 0;
        WriteOuter(command, within);
        command.WriteProgress(
            new ProgressRecord(InnerId, step.Step, string.Create(CultureInfo.InvariantCulture, $"{step.Done} of {step.Total}"))
            {
                ParentActivityId = OuterId,
                PercentComplete = (int)(100 * within),
            }
        );
        shown = true;
    }

    public void Complete(Cmdlet command)
    {
        if (!shown)
        {
            return;
        }

        foreach (int id in (int[])[InnerId, OuterId])
        {
            command.WriteProgress(new ProgressRecord(id, activity, item) { RecordType = ProgressRecordType.Completed });
        }

        shown = false;
    }

    private void WriteOuter(Cmdlet command, double within)
    {
        string place = count is null
            ? string.Create(CultureInfo.InvariantCulture, $"{item} (file {index + 1})")
            : string.Create(CultureInfo.InvariantCulture, $"{item} ({index + 1} of {count})");
        double share = count is { } total ? (index + within) / total : within;
        var record = new ProgressRecord(OuterId, activity, place) { PercentComplete = (int)(100 * share) };

        // Below a few percent the estimate would only jump about; a file's steps are of unlike length.
        if (count is not null && share > 0.05)
        {
            record.SecondsRemaining = (int)(clock.Elapsed.TotalSeconds * (1 - share) / share);
        }

        command.WriteProgress(record);
        shown = true;
    }
}
