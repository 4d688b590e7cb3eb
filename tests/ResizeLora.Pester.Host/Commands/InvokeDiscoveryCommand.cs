using System.Management.Automation;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>BeforeDiscovery: runs at once, in the scope where it stands.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "PesterDiscovery")]
public sealed class InvokeDiscoveryCommand : PesterCommand
{
    /// <summary>What to run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock ScriptBlock { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _ = Block;
        InvokeCommand.InvokeScript(useLocalScope: false, ScriptBlock, null);
    }
}
