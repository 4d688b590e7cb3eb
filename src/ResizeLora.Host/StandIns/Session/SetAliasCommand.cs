using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>Gives a command another name.</summary>
[Cmdlet(VerbsCommon.Set, "Alias")]
internal sealed class SetAliasCommand : StandInCommand
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public string Name { get; set; } = string.Empty;

    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public string Value { get; set; } = string.Empty;

    protected override void ProcessRecord() => Attempt(Name, () => InvokeProvider.Item.Set([$"Alias:{Name}"], Value, force: false, literalPath: true));
}
