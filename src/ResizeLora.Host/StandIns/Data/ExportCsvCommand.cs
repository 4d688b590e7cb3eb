using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes objects to a file of separated values.</summary>
[Cmdlet(VerbsData.Export, "Csv", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
internal sealed class ExportCsvCommand : CsvWritingCommand, IDisposable
{
    private CsvRenderer? _renderer;
    private StreamWriter? _writer;

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path")]
    [Alias("FilePath")]
    public string? Path { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter]
    public string? Encoding { get; set; }

    [Parameter]
    public SwitchParameter Append { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    protected override void BeginProcessing()
    {
        string path = GetUnresolvedProviderPathFromPSPath(Path ?? LiteralPath!);
        _renderer = CreateRenderer();
        if (ShouldProcess(path, "Export-Csv"))
        {
            _writer = Require(path, () => Open(path));
        }
    }

    protected override void ProcessRecord()
    {
        foreach (string line in _renderer!.Render(InputObject!))
        {
            _writer?.WriteLine(line);
        }
    }

    protected override void EndProcessing() => Dispose();

    public void Dispose() => _writer?.Dispose();

    private StreamWriter Open(string path)
    {
        if (Append && File.Exists(path) && CsvReader.ReadColumns(path, Encoding, Delimiter) is { Length: > 0 } columns)
        {
            _renderer!.UseColumns(columns);
        }

        return TextFile.OpenWriter(path, Encoding, Append, NoClobber && !Append);
    }
}
