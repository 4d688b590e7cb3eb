using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Renames an item in its folder.</summary>
[Cmdlet(VerbsCommon.Rename, "Item", SupportsShouldProcess = true, DefaultParameterSetName = "ByPath")]
internal sealed class RenameItemCommand : StandInCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string Path { get; set; } = string.Empty;

    [Parameter(Mandatory = true, ParameterSetName = "ByLiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public string NewName { get; set; } = string.Empty;

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        string path = LiteralPath is null ? Path : WildcardPattern.Escape(LiteralPath);
        if (ShouldProcess($"Item: {path} Destination: {NewName}", "Rename Item"))
        {
            var results = Attempt(path, () => InvokeProvider.Item.Rename(path, NewName, Force), otherwise: []);
            if (PassThru)
            {
                WriteObject(results, enumerateCollection: true);
            }
        }
    }
}
