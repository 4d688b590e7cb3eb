using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Pester.Host.Blocks;

/// <summary>What a block and a test have in common: a name, a body, the data of one <c>-ForEach</c> element, and errors.</summary>
public abstract class PesterItem
{
    private readonly List<ErrorRecord> errors = [];

    /// <summary>Creates an item at its place in the tree.</summary>
    /// <param name="parent">The block around it; null for the file itself.</param>
    /// <param name="definition">What the file said.</param>
    protected PesterItem(PesterBlock? parent, ItemDefinition definition)
    {
        Parent = parent;
        Body = definition.Body;
        Skip = definition.Skip;
        Line = definition.Line;
        Tags = [.. parent?.Tags ?? [], .. definition.Tags];
        Data = definition.Data;
        Template = new NameTemplate(definition.Name);
        Name = Template.ExpandFrom(VisibleData());
    }

    /// <summary>Whether this is a block, not a test.</summary>
    public bool IsBlock => this is PesterBlock;

    /// <summary>The block around this item; null for the file itself.</summary>
    public PesterBlock? Parent { get; }

    /// <summary>The blocks around this item, innermost first, the file itself last.</summary>
    public IEnumerable<PesterBlock> Ancestors
    {
        get
        {
            for (PesterBlock? block = Parent; block is not null; block = block.Parent)
            {
                yield return block;
            }
        }
    }

    /// <summary>The script block that the file gave.</summary>
    public ScriptBlock Body { get; }

    /// <summary>Whether the item is skipped, by itself or because of what surrounds or fills it.</summary>
    public bool Skip { get; set; }

    /// <summary>The line of the file on which the item stands.</summary>
    public int Line { get; }

    /// <summary>The item's own tags and those of the blocks around it.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>The variables that one <c>-ForEach</c> element gives, <c>_</c> among them; empty without <c>-ForEach</c>.</summary>
    public IReadOnlyDictionary<string, object?> Data { get; }

    /// <summary>The name as it was written, <c>&lt;placeholders&gt;</c> included.</summary>
    public NameTemplate Template { get; }

    /// <summary>The name with its placeholders filled, as far as the phase allows.</summary>
    public string Name { get; set; }

    /// <summary>The errors that the item's own steps ended with.</summary>
    public IReadOnlyList<ErrorRecord> Errors => errors;

    /// <summary>The names of the blocks around this item and its own, outermost first.</summary>
    public string FullName => Parent is { IsRoot: false } ? $"{Parent.FullName} {Name}" : Name;

    /// <summary>Notes that a step of this item ended with an error.</summary>
    /// <param name="error">What ended it.</param>
    public void Fail(ErrorRecord error) => errors.Add(error);

    /// <summary>Sets this item's data as variables of the scope that calls, and returns what to splat to its steps.</summary>
    /// <param name="sessionState">The session whose current scope gets the variables.</param>
    /// <returns>The data without <c>_</c>, which no parameter can be called.</returns>
    public Hashtable DefineData(SessionState sessionState)
    {
        var parameters = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, object? value) in Data)
        {
            sessionState.PSVariable.Set(name, value);
            if (name != "_")
            {
                parameters[name] = value;
            }
        }
        return parameters;
    }

    private Dictionary<string, object?> VisibleData()
    {
        Dictionary<string, object?> visible = Parent?.VisibleData() ?? new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, object? value) in Data)
        {
            visible[name] = value;
        }
        return visible;
    }
}
