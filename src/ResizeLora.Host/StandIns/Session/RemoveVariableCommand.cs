using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>Removes variables.</summary>
[Cmdlet(VerbsCommon.Remove, "Variable")]
internal sealed class RemoveVariableCommand : VariableCommand
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            foreach (PSVariable variable in Find(name).ToArray())
            {
                Attempt(name, () => SessionState.PSVariable.Remove(variable));
            }
        }
    }
}
