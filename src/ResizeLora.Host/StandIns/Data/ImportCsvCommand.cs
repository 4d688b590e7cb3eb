using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Makes objects of files of separated values.</summary>
[Cmdlet(VerbsData.Import, "Csv", DefaultParameterSetName = PathSet)]
internal sealed class ImportCsvCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter(Position = 1)]
    public char Delimiter { get; set; } = ',';

    [Parameter]
    public string[]? Header { get; set; }

    [Parameter]
    public string? Encoding { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string file in GivenPaths.SelectMany(path => GetFiles(path)))
        {
            using StreamReader? reader = Attempt(file, () => TextFile.OpenReader(file, Encoding), otherwise: null);
            if (reader is not null)
            {
                WriteObject(CsvObjects.Read(reader, Delimiter, Header), enumerateCollection: true);
            }
        }
    }
}
