using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Makes objects of lines of separated values.</summary>
[Cmdlet(VerbsData.ConvertFrom, "Csv")]
internal sealed class ConvertFromCsvCommand : StandInCommand
{
    private readonly List<string> _lines = [];

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string[] InputObject { get; set; } = [];

    [Parameter(Position = 1)]
    public char Delimiter { get; set; } = ',';

    [Parameter]
    public string[]? Header { get; set; }

    protected override void ProcessRecord() => _lines.AddRange(InputObject);

    protected override void EndProcessing()
    {
        using var reader = new StringReader(string.Join('\n', _lines));
        WriteObject(CsvObjects.Read(reader, Delimiter, Header), enumerateCollection: true);
    }
}
