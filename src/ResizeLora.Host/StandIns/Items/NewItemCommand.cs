using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Makes a file, a folder, a link, or another provider's item.</summary>
[Cmdlet(VerbsCommon.New, "Item", SupportsShouldProcess = true, DefaultParameterSetName = "pathSet")]
internal sealed class NewItemCommand : StandInCommand
{
    [Parameter(Position = 0, Mandatory = true, ParameterSetName = "pathSet", ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "nameSet", ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = ["."];

    [Parameter(Mandatory = true, ParameterSetName = "nameSet", ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    public string? Name { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Type")]
    public string? ItemType { get; set; }

    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Target")]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private string ActionName => ItemType?.ToUpperInvariant() switch
    {
        null or "FILE" => "Create File",
        "DIRECTORY" or "CONTAINER" => "Create Directory",
        _ => $"Create {ItemType}",
    };

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            string target = Name is null ? path : SessionState.Path.Combine(path, Name);
            if (ShouldProcess($"Destination: {GetUnresolvedProviderPathFromPSPath(target)}", ActionName))
            {
                WriteObject(Attempt(path, () => InvokeProvider.Item.New([path], Name, ItemType, Value, Force), otherwise: []), enumerateCollection: true);
            }
        }
    }
}
