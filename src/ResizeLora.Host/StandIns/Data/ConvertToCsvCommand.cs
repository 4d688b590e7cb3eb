using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes objects as lines of separated values.</summary>
[Cmdlet(VerbsData.ConvertTo, "Csv")]
[OutputType(typeof(string))]
internal sealed class ConvertToCsvCommand : CsvWritingCommand
{
    private CsvRenderer? _renderer;

    protected override void ProcessRecord()
    {
        _renderer ??= CreateRenderer();
        WriteObject(_renderer.Render(InputObject!), enumerateCollection: true);
    }
}
