using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Messages;

/// <summary>Tells how far an activity is.</summary>
[Cmdlet(VerbsCommunications.Write, "Progress")]
internal sealed class WriteProgressCommand : StandInCommand
{
    private const string DefaultStatus = "Processing";

    [Parameter(Position = 0)]
    public string Activity { get; set; } = "Progress";

    [Parameter(Position = 1)]
    public string Status { get; set; } = DefaultStatus;

    [Parameter(Position = 2)]
    [ValidateRange(0, int.MaxValue)]
    public int Id { get; set; }

    [Parameter]
    [ValidateRange(-1, 100)]
    public int PercentComplete { get; set; } = -1;

    [Parameter]
    public int SecondsRemaining { get; set; } = -1;

    [Parameter]
    public string? CurrentOperation { get; set; }

    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int ParentId { get; set; } = -1;

    [Parameter]
    public int SourceId { get; set; }

    [Parameter]
    public SwitchParameter Completed { get; set; }

    protected override void ProcessRecord()
    {
        var record = new ProgressRecord(Id, Activity, Status)
        {
            ParentActivityId = ParentId,
            PercentComplete = PercentComplete,
            SecondsRemaining = SecondsRemaining,
            CurrentOperation = CurrentOperation,
            RecordType = Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };

        // One source for every call, since a loop calls the command anew for each record of one activity.
        CommandRuntime.WriteProgress(SourceId, record);
    }
}
