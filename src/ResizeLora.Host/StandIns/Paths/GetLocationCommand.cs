using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Gives the current folder.</summary>
[Cmdlet(VerbsCommon.Get, "Location")]
[OutputType(typeof(PathInfo))]
internal sealed class GetLocationCommand : StandInCommand
{
    protected override void ProcessRecord() => WriteObject(SessionState.Path.CurrentLocation);
}
