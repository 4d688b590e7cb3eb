using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Moves items.</summary>
[Cmdlet(VerbsCommon.Move, "Item", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
internal sealed class MoveItemCommand : RelocatingCommand
{
    protected override string Verb => "Move";

    protected override Collection<PSObject> Relocate(string path) =>
        InvokeProvider.Item.Move([path], Destination, Force, literalPath: true);
}
