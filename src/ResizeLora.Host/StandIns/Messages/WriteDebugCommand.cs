using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Messages;

/// <summary>Writes a line to the debug stream.</summary>
[Cmdlet(VerbsCommunications.Write, "Debug")]
internal sealed class WriteDebugCommand : WriteMessageCommand
{
    protected override void ProcessRecord() => WriteDebug(Message);
}
