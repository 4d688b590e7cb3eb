using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Gives the full paths that a path means.</summary>
[Cmdlet(VerbsDiagnostic.Resolve, "Path", DefaultParameterSetName = PathSet)]
[OutputType(typeof(PathInfo), typeof(string))]
internal sealed class ResolvePathCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter]
    public SwitchParameter Relative { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in GivenPaths)
        {
            string pattern = IsLiteral ? WildcardPattern.Escape(path) : path;
            foreach (PathInfo found in Attempt(path, () => SessionState.Path.GetResolvedPSPathFromPSPath(pattern), otherwise: []))
            {
                WriteObject(Relative ? RelativePath(found) : found);
            }
        }
    }

    private string RelativePath(PathInfo found)
    {
        string relative = SessionState.Path.NormalizeRelativePath(found.Path, SessionState.Path.CurrentLocation.ProviderPath);
        return System.IO.Path.IsPathRooted(relative) || relative.StartsWith('.') ? relative : SessionState.Path.Combine(".", relative);
    }
}
