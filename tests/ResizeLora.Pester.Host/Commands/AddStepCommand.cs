using System.Management.Automation;
using ResizeLora.Pester.Host.Blocks;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>BeforeAll, BeforeEach, AfterEach and AfterAll: the word says which.</summary>
[Cmdlet(VerbsCommon.Add, "PesterStep")]
public sealed class AddStepCommand : PesterCommand
{
    /// <summary>What the step runs.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Scriptblock { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Block.SetStep(Enum.Parse<StepKind>(MyInvocation.InvocationName, ignoreCase: true), Scriptblock);
}
