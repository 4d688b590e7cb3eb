using System.Collections;
using System.Management.Automation;
using ResizeLora.Pester.Host.Blocks;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>What a block and a test take.</summary>
public abstract class ItemCommand : PesterCommand
{
    /// <summary>The name, with placeholders.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Name { get; set; } = string.Empty;

    /// <summary>Leaves the item out of the run, as skipped.</summary>
    [Parameter]
    public SwitchParameter Skip { get; set; }

    /// <summary>Adds the item.</summary>
    /// <param name="definition">What the file says about it.</param>
    protected abstract void Add(ItemDefinition definition);

    /// <summary>Adds the item once, or once for each element of the data.</summary>
    /// <param name="body">The script block.</param>
    /// <param name="tags">The tags.</param>
    /// <param name="data">What <c>-ForEach</c> was given; null without it.</param>
    protected void AddEach(ScriptBlock body, string[] tags, object?[]? data)
    {
        IEnumerable<Dictionary<string, object?>> variables = data is null ? [[]] : Checked(data).Select(Variables);
        foreach (Dictionary<string, object?> one in variables)
        {
            Add(new ItemDefinition(Name, body, MyInvocation.ScriptLineNumber, Skip, tags, one));
        }
    }

    private static object?[] Checked(object?[] data)
    {
        // Pester 5 makes no test of an empty -ForEach, Pester 6 an error; a null element reaches $_ only in Pester 6.
        if (data.Length == 0 || data.Contains(null))
        {
            throw new PSArgumentException("-ForEach must have elements, and none may be null.");
        }
        return data;
    }

    private static Dictionary<string, object?> Variables(object? element)
    {
        var variables = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["_"] = element };
        if (element is PSObject { BaseObject: IDictionary wrapped })
        {
            element = wrapped;
        }
        if (element is IDictionary dictionary)
        {
            foreach (DictionaryEntry entry in dictionary)
            {
                variables.TryAdd(entry.Key.ToString()!, entry.Value);
            }
        }
        return variables;
    }
}
