using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Gives the paths as the provider itself names them.</summary>
[Cmdlet(VerbsData.Convert, "Path", DefaultParameterSetName = PathSet)]
[OutputType(typeof(string))]
internal sealed class ConvertPathCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (string path in GivenPaths)
        {
            string pattern = IsLiteral ? WildcardPattern.Escape(path) : path;
            WriteObject(Attempt(path, () => GetResolvedProviderPathFromPSPath(pattern, out _), otherwise: []), enumerateCollection: true);
        }
    }
}
