using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Joins the parts of a path.</summary>
[Cmdlet(VerbsCommon.Join, "Path")]
[OutputType(typeof(string))]
internal sealed class JoinPathCommand : StandInCommand
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public string[] ChildPath { get; set; } = [];

    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public string[] AdditionalChildPath { get; set; } = [];

    [Parameter]
    public SwitchParameter Resolve { get; set; }

    protected override void ProcessRecord()
    {
        string[] children = [.. ChildPath ?? [], .. AdditionalChildPath ?? []];
        foreach (string start in Path)
        {
            string joined = children.Aggregate(start, (path, child) => SessionState.Path.Combine(path, child));
            if (Resolve)
            {
                foreach (PathInfo path in Attempt(joined, () => SessionState.Path.GetResolvedPSPathFromPSPath(joined), otherwise: []))
                {
                    WriteObject(path.Path);
                }
            }
            else
            {
                WriteObject(joined);
            }
        }
    }
}
