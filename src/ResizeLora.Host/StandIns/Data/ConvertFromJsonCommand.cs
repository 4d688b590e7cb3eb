using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Makes objects of JSON text.</summary>
[Cmdlet(VerbsData.ConvertFrom, "Json")]
internal sealed class ConvertFromJsonCommand : StandInCommand
{
    private readonly List<string> _lines = [];

    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string InputObject { get; set; } = string.Empty;

    [Parameter]
    public SwitchParameter AsHashtable { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Depth { get; set; } = 1024;

    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    protected override void ProcessRecord() => _lines.Add(InputObject);

    protected override void EndProcessing()
    {
        string json = string.Join(Environment.NewLine, _lines);
        if (!string.IsNullOrWhiteSpace(json))
        {
            WriteObject(Attempt(json, () => JsonReader.Read(json, Depth, AsHashtable), otherwise: null), enumerateCollection: !NoEnumerate);
        }
    }
}
