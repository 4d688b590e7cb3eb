using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Gives a part of a path: its parent, or its last part with or without the extension.</summary>
[Cmdlet(VerbsCommon.Split, "Path", DefaultParameterSetName = "ParentSet")]
[OutputType(typeof(string), typeof(bool))]
internal sealed class SplitPathCommand : StandInCommand
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LiteralPath")]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "ParentSet")]
    public SwitchParameter Parent { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "LeafSet")]
    public SwitchParameter Leaf { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "LeafBaseSet")]
    public SwitchParameter LeafBase { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "ExtensionSet")]
    public SwitchParameter Extension { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "IsAbsoluteSet")]
    public SwitchParameter IsAbsolute { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            WriteObject(PartOf(path));
        }
    }

    private object PartOf(string path)
    {
        switch (ParameterSetName)
        {
            case "LeafSet":
                return SessionState.Path.ParseChildName(path);
            case "LeafBaseSet":
                return System.IO.Path.GetFileNameWithoutExtension(SessionState.Path.ParseChildName(path));
            case "ExtensionSet":
                return System.IO.Path.GetExtension(SessionState.Path.ParseChildName(path));
            case "IsAbsoluteSet":
                return SessionState.Path.IsPSAbsolute(path, out _);
            default:
                return SessionState.Path.ParseParent(path, string.Empty);
        }
    }
}
