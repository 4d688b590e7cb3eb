using System.Diagnostics;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>Tells how long a script block takes; its output is thrown away.</summary>
[Cmdlet("Measure", "Command")]
[OutputType(typeof(TimeSpan))]
internal sealed class MeasureCommandCommand : StandInCommand
{
    private TimeSpan _elapsed;

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0, Mandatory = true)]
    public ScriptBlock Expression { get; set; } = ScriptBlock.Create(string.Empty);

    protected override void ProcessRecord()
    {
        long start = Stopwatch.GetTimestamp();
        SessionState.PSVariable.Set("_", InputObject);
        InvokeCommand.InvokeScript(useLocalScope: false, Expression, input: null, args: null);
        _elapsed += Stopwatch.GetElapsedTime(start);
    }

    protected override void EndProcessing() => WriteObject(_elapsed);
}
