using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Goes to a folder and remembers the one before.</summary>
[Cmdlet(VerbsCommon.Push, "Location", DefaultParameterSetName = "Path")]
internal sealed class PushLocationCommand : StandInCommand
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string? Path { get; set; }

    [Parameter(ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    protected override void ProcessRecord()
    {
        string? path = LiteralPath is null ? Path : WildcardPattern.Escape(LiteralPath);
        SessionState.Path.PushCurrentLocation(string.Empty);
        if (path is not null && !Attempt(path, () => SessionState.Path.SetLocation(path)))
        {
            SessionState.Path.PopLocation(string.Empty);
        }
    }
}
