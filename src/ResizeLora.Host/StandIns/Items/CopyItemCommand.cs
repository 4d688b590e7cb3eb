using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Copies items; a folder's content with <c>-Recurse</c>.</summary>
[Cmdlet(VerbsCommon.Copy, "Item", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
internal sealed class CopyItemCommand : RelocatingCommand
{
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    protected override string Verb => "Copy";

    protected override Collection<PSObject> Relocate(string path) =>
        InvokeProvider.Item.Copy([path], Destination, Recurse, CopyContainers.CopyTargetContainer, Force, literalPath: true);
}
