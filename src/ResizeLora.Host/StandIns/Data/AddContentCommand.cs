using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes values to files, after what they hold.</summary>
[Cmdlet(VerbsCommon.Add, "Content", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
internal sealed class AddContentCommand : WriteContentCommand
{
    protected override bool Appends => true;
}
