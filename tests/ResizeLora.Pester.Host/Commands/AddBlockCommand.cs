using System.Collections;
using System.Management.Automation;
using ResizeLora.Pester.Host.Blocks;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>Describe and Context: a block of tests. Its body runs at once, to discover what is inside.</summary>
[Cmdlet(VerbsCommon.Add, "PesterBlock")]
public sealed class AddBlockCommand : ItemCommand
{
    private static readonly ScriptBlock DiscoverScript =
        ScriptBlock.Create("param($private:block) $null = $private:block.DefineData($ExecutionContext.SessionState); . $private:block.Body");

    /// <summary>The body.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Fixture { get; set; } = null!;

    /// <summary>Words to select blocks by.</summary>
    [Parameter]
    [Alias("Tags")]
    public string[] Tag { get; set; } = [];

    /// <summary>Makes one block of each element.</summary>
    [Parameter]
    public object? ForEach { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        object?[]? data = null;
        if (MyInvocation.BoundParameters.ContainsKey(nameof(ForEach)))
        {
            IEnumerable? elements = LanguagePrimitives.GetEnumerable(ForEach);
            data = elements is null ? [ForEach] : [.. elements.Cast<object?>()];
        }
        AddEach(Fixture, Tag, data);
    }

    /// <inheritdoc/>
    protected override void Add(ItemDefinition definition)
    {
        var block = new PesterBlock(Block, definition);
        Block.Items.Add(block);
        Session.Discover(block, () => DiscoverScript.InvokeReturnAsIs(block));
    }
}
