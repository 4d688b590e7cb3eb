using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes values to files, in place of what they hold.</summary>
[Cmdlet(VerbsCommon.Set, "Content", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
internal sealed class SetContentCommand : WriteContentCommand
{
    protected override bool Appends => false;
}
