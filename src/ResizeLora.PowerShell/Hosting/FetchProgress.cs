using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>Shows the progress of work that is counted in bytes: how many of how many, how fast, and the time left.</summary>
internal sealed class FetchProgress
{
    private const int Id = 5003;
    private const double MiB = 1 << 20;
    private const string Activity = "Installing libtorch";

    private Stopwatch clock = Stopwatch.StartNew();
    private string step = string.Empty;
    private long before;
    private bool shown;

    public void Report(Cmdlet command, EngineProgress progress)
    {
        // Fetching goes on from one package to the next; unpacking is another kind of work, at another speed.
        string kind = progress.Step.Split(' ', 2)[0];
        if (kind != step)
        {
            (step, clock, before) = (kind, Stopwatch.StartNew(), progress.Done);
        }

        double speed = (progress.Done - before) / Math.Max(clock.Elapsed.TotalSeconds, 0.001);
        string status = string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.Step}: {progress.Done / MiB:0.0} of {progress.Total / MiB:0.0} MiB, {speed / MiB:0.0} MiB/s"
        );
        var record = new ProgressRecord(Id, Activity, status)
        {
            PercentComplete = progress.Total > 0 ? (int)Math.Min(100, 100 * progress.Done / progress.Total) : 0,
        };
        if (speed > 0)
        {
            record.SecondsRemaining = (int)Math.Min(int.MaxValue, (progress.Total - progress.Done) / speed);
        }

        command.WriteProgress(record);
        shown = true;
    }

    public void Complete(Cmdlet command)
    {
        if (shown)
        {
            command.WriteProgress(new ProgressRecord(Id, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
