using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Passes objects on and keeps them in a variable, or what they look like in a file.</summary>
[Cmdlet("Tee", "Object", DefaultParameterSetName = "File")]
internal sealed class TeeObjectCommand : ObjectCommand, IDisposable
{
    private readonly List<PSObject> _objects = [];
    private PowerShell? _shell;
    private SteppablePipeline? _file;

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "File")]
    [Alias("Path")]
    public string? FilePath { get; set; }

    [Parameter(ParameterSetName = "File")]
    public SwitchParameter Append { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Variable")]
    public string? Variable { get; set; }

    protected override void BeginProcessing()
    {
        if (FilePath is not null)
        {
            _shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
            _shell.AddCommand("Out-File").AddParameter("FilePath", FilePath).AddParameter("Append", Append);
            _file = _shell.GetSteppablePipeline();
            _file.Begin(expectInput: true);
        }
    }

    protected override void ProcessRecord()
    {
        if (HasInput)
        {
            _file?.Process(InputObject);
            _objects.Add(InputObject!);
            WriteObject(InputObject);
        }
    }

    protected override void EndProcessing()
    {
        _file?.End();
        if (Variable is not null)
        {
            SessionState.PSVariable.Set(Variable, _objects.Count == 1 ? _objects[0] : _objects.ToArray());
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _shell?.Dispose();
    }
}
