using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Goes back to the folder that was remembered last.</summary>
[Cmdlet(VerbsCommon.Pop, "Location")]
internal sealed class PopLocationCommand : StandInCommand
{
    protected override void ProcessRecord() => Attempt(null, () => SessionState.Path.PopLocation(string.Empty));
}
