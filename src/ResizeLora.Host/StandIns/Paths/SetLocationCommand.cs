using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Goes to a folder.</summary>
[Cmdlet(VerbsCommon.Set, "Location", DefaultParameterSetName = "Path")]
[OutputType(typeof(PathInfo))]
internal sealed class SetLocationCommand : StandInCommand
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string Path { get; set; } = "~";

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        string path = LiteralPath is null ? Path : WildcardPattern.Escape(LiteralPath);
        if (Attempt(path, () => SessionState.Path.SetLocation(path)!, otherwise: null) is { } location && PassThru)
        {
            WriteObject(location);
        }
    }
}
