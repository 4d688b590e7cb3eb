using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes objects as JSON.</summary>
[Cmdlet(VerbsData.ConvertTo, "Json")]
[OutputType(typeof(string))]
internal sealed class ConvertToJsonCommand : StandInCommand
{
    private readonly List<object?> _objects = [];

    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    [Parameter]
    [ValidateRange(0, 100)]
    public int Depth { get; set; } = 2;

    [Parameter]
    public SwitchParameter Compress { get; set; }

    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    [Parameter]
    public SwitchParameter AsArray { get; set; }

    protected override void ProcessRecord() => _objects.Add(InputObject);

    protected override void EndProcessing()
    {
        if (_objects.Count == 0)
        {
            return;
        }

        var renderer = new JsonRenderer(Depth, EnumsAsStrings);
        object? target = _objects.Count > 1 || AsArray ? _objects : _objects[0];
        string json;
        try
        {
            json = renderer.Render(target, Compress);
        }
        catch (InvalidOperationException exception)
        {
            ThrowTerminatingError(new ErrorRecord(exception, "NonStringKeyInDictionary", ErrorCategory.InvalidOperation, target));
            throw;
        }

        if (renderer.IsTruncated)
        {
            WriteWarning($"Resulting JSON is truncated as serialization has exceeded the set depth of {Depth}.");
        }

        WriteObject(json);
    }
}
