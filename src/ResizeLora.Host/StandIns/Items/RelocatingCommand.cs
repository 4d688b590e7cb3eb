using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>What copying and moving share.</summary>
internal abstract class RelocatingCommand : FilteredPathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    public string Destination { get; set; } = ".";

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>What is done, in one word.</summary>
    protected abstract string Verb { get; }

    /// <summary>Puts the item at an exact path to the destination.</summary>
    protected abstract Collection<PSObject> Relocate(string path);

    protected override void ProcessRecord()
    {
        foreach (PSObject item in GivenPaths.SelectMany(path => GetFilteredItems(path)))
        {
            string destination = GetUnresolvedProviderPathFromPSPath(Destination);
            if (ShouldProcess($"Item: {DisplayPath(item)} Destination: {destination}", $"{Verb} {(IsContainer(item) ? "Directory" : "File")}"))
            {
                Collection<PSObject> results = Attempt(DisplayPath(item), () => Relocate(PSPathOf(item)), otherwise: []);
                if (PassThru)
                {
                    WriteObject(results, enumerateCollection: true);
                }
            }
        }
    }
}
