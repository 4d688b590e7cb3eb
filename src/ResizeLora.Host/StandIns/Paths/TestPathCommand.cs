using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Paths;

/// <summary>Tells whether something is at a path.</summary>
[Cmdlet(VerbsDiagnostic.Test, "Path", DefaultParameterSetName = PathSet)]
[OutputType(typeof(bool))]
internal sealed class TestPathCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public override string[] Path { get; set; } = [];

    [Parameter]
    [Alias("Type")]
    [ValidateSet("Any", "Container", "Leaf")]
    public string PathType { get; set; } = "Any";

    [Parameter]
    public SwitchParameter IsValid { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in GivenPaths ?? [])
        {
            WriteObject(!string.IsNullOrWhiteSpace(path) && Attempt(path, () => Test(path), otherwise: false));
        }
    }

    private bool IsOfType(string path) =>
        PathType.Equals("Any", StringComparison.OrdinalIgnoreCase)
        || InvokeProvider.Item.IsContainer(IsLiteral ? WildcardPattern.Escape(path) : path) == PathType.Equals("Container", StringComparison.OrdinalIgnoreCase);

    private bool Test(string path)
    {
        if (IsValid)
        {
            return SessionState.Path.IsValid(path);
        }

        try
        {
            return InvokeProvider.Item.Exists(path, force: false, IsLiteral)
                && IsOfType(path);
        }
        catch (Exception exception) when (exception is ItemNotFoundException or System.Management.Automation.DriveNotFoundException)
        {
            // A drive that is not there holds nothing.
            return false;
        }
    }
}
