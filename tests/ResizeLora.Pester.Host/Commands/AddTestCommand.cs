using System.Management.Automation;
using ResizeLora.Pester.Host.Blocks;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>It: a test.</summary>
[Cmdlet(VerbsCommon.Add, "PesterTest")]
public sealed class AddTestCommand : ItemCommand
{
    /// <summary>The body.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Test { get; set; } = null!;

    /// <summary>Words to select tests by.</summary>
    [Parameter]
    public string[] Tag { get; set; } = [];

    /// <summary>Makes one test of each element.</summary>
    [Parameter]
    [Alias("TestCases")]
    public object?[]? ForEach { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        AddEach(Test, Tag, MyInvocation.BoundParameters.ContainsKey(nameof(ForEach)) ? ForEach ?? [] : null);

    /// <inheritdoc/>
    protected override void Add(ItemDefinition definition)
    {
        if (Block.IsRoot)
        {
            throw new PSInvalidOperationException("It must stand in a Describe or a Context.");
        }
        Block.Items.Add(new PesterTest(Block, definition));
    }
}
