using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>Sets variables to a value, or to what comes down the pipeline.</summary>
[Cmdlet(VerbsCommon.Set, "Variable")]
internal sealed class SetVariableCommand : VariableCommand
{
    private readonly List<object?> _values = [];

    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter Append { get; set; }

    protected override void ProcessRecord() => _values.Add(Value);

    protected override void EndProcessing()
    {
        object? value = _values.Count == 1 ? _values[0] : _values.ToArray();
        foreach (string name in Name)
        {
            SessionState.PSVariable.Set(Qualify(name), Append ? Joined(name, value) : value);
        }
    }

    private object?[] Joined(string name, object? added)
    {
        object? present = SessionState.PSVariable.GetValue(Qualify(name));
        object?[] before = present is null ? [] : LanguagePrimitives.GetEnumerable(present)?.Cast<object?>().ToArray() ?? [present];
        return [.. before, .. LanguagePrimitives.GetEnumerable(added)?.Cast<object?>() ?? [added]];
    }
}
