using System.Collections;
using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Gathers objects that have the same values.</summary>
[Cmdlet("Group", "Object", DefaultParameterSetName = "Default")]
internal sealed class GroupObjectCommand : ObjectCommand
{
    private const string GroupType = "Microsoft.PowerShell.Commands.GroupInfo";

    private readonly List<(object?[] Keys, Collection<PSObject> Members)> _groups = [];
    private IReadOnlyList<PropertyDefinition> _definitions = [];
    private IComparer<object?[]> _comparer = Comparer<object?[]>.Default;

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter NoElement { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter(ParameterSetName = "HashTable")]
    [Alias("AHT")]
    public SwitchParameter AsHashTable { get; set; }

    [Parameter(ParameterSetName = "HashTable")]
    public SwitchParameter AsString { get; set; }

    protected override void BeginProcessing()
    {
        _definitions = Require(Property, () => PropertyDefinition.ReadAll(Property));
        _comparer = new ValueComparer(CaseSensitive).OfRows(new bool[Math.Max(_definitions.Count, 1)]);
    }

    protected override void ProcessRecord()
    {
        if (!HasInput)
        {
            return;
        }

        object?[] keys = _definitions.Count == 0 ? [InputObject] : [.. _definitions.Select(definition => definition.ValueOf(InputObject!))];
        int index = _groups.FindIndex(group => _comparer.Compare(group.Keys, keys) == 0);
        if (index < 0)
        {
            index = _groups.Count;
            _groups.Add((keys, []));
        }

        _groups[index].Members.Add(InputObject!);
    }

    protected override void EndProcessing()
    {
        if (AsHashTable)
        {
            var table = new Hashtable(StringComparer.CurrentCultureIgnoreCase);
            foreach ((object?[] keys, Collection<PSObject> members) in _groups)
            {
                table[AsString || keys.Length > 1 ? NameOf(keys) : keys[0] ?? string.Empty] = members.ToArray();
            }

            WriteObject(table);
            return;
        }

        foreach ((object?[] keys, Collection<PSObject> members) in _groups.OrderBy(group => group.Keys, _comparer))
        {
            var result = new PSObject();
            result.TypeNames.Insert(0, GroupType);
            result.Properties.Add(new PSNoteProperty("Values", keys));
            result.Properties.Add(new PSNoteProperty("Count", members.Count));
            result.Properties.Add(new PSNoteProperty("Group", NoElement ? new Collection<PSObject>() : members));
            result.Properties.Add(new PSNoteProperty("Name", NameOf(keys)));
            if (NoElement)
            {
                result.TypeNames.Insert(0, GroupType + "NoElement");
            }

            WriteObject(result);
        }
    }

    private static string NameOf(object?[] keys) => string.Join(", ", keys.Select(key => key is null ? string.Empty : PSObject.AsPSObject(key).ToString()));
}
