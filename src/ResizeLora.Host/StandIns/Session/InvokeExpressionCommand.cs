using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>Runs text as commands.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "Expression")]
internal sealed class InvokeExpressionCommand : StandInCommand
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    public string Command { get; set; } = string.Empty;

    protected override void ProcessRecord() => WriteObject(
        InvokeCommand.InvokeScript(Command, useNewScope: false, PipelineResultTypes.Error, input: null),
        enumerateCollection: true);
}
