using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Gets the items at the given paths.</summary>
[Cmdlet(VerbsCommon.Get, "Item", DefaultParameterSetName = PathSet)]
internal sealed class GetItemCommand : FilteredPathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (string path in GivenPaths)
        {
            WriteObject(GetFilteredItems(path), enumerateCollection: true);
        }
    }
}
