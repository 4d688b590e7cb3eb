using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Messages;

/// <summary>Writes a line to the warning stream.</summary>
[Cmdlet(VerbsCommunications.Write, "Warning")]
internal sealed class WriteWarningCommand : WriteMessageCommand
{
    protected override void ProcessRecord() => WriteWarning(Message);
}
