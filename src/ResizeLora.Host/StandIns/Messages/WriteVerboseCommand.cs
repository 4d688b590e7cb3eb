using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Messages;

/// <summary>Writes a line to the verbose stream.</summary>
[Cmdlet(VerbsCommunications.Write, "Verbose")]
internal sealed class WriteVerboseCommand : WriteMessageCommand
{
    protected override void ProcessRecord() => WriteVerbose(Message);
}
