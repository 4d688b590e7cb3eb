using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Removes items; a folder that is not empty only with <c>-Recurse</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "Item", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
internal sealed class RemoveItemCommand : FilteredPathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSObject item in GivenPaths.SelectMany(path => GetFilteredItems(path)))
        {
            string path = PSPathOf(item);
            if (!ShouldProcess(DisplayPath(item), IsContainer(item) ? "Remove Directory" : "Remove File"))
            {
                continue;
            }

            if (!Recurse && Attempt(path, () => IsContainer(item) && InvokeProvider.ChildItem.HasChild(path, Force, literalPath: true), otherwise: true))
            {
                WriteError(new ErrorRecord(
                    new IOException($"The item at {DisplayPath(item)} has children and the Recurse parameter was not specified."),
                    "DirectoryNotEmpty",
                    ErrorCategory.InvalidOperation,
                    item));
                continue;
            }

            Attempt(path, () => InvokeProvider.Item.Remove([path], Recurse, Force, literalPath: true));
        }
    }
}
