using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Sorts objects by their properties or by themselves; objects that are equal keep their order.</summary>
[Cmdlet("Sort", "Object")]
internal sealed class SortObjectCommand : ObjectCommand
{
    private readonly List<PSObject> _objects = [];

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter Descending { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter Stable { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Top { get; set; } = int.MaxValue;

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Bottom { get; set; } = int.MaxValue;

    protected override void ProcessRecord()
    {
        if (HasInput)
        {
            _objects.Add(InputObject!);
        }
    }

    protected override void EndProcessing()
    {
        IReadOnlyList<PropertyDefinition> keys = Require(Property, () => PropertyDefinition.ReadAll(Property));
        bool[] directions = keys.Count == 0 ? [Descending] : [.. keys.Select(key => key.Descending ?? Descending.IsPresent)];
        IComparer<object?[]> comparer = new ValueComparer(CaseSensitive).OfRows(directions);

        IEnumerable<(PSObject Object, object?[] Keys)> sorted = _objects
            .Select(item => (Object: item, Keys: keys.Count == 0 ? [item] : (object?[])[.. keys.Select(key => key.ValueOf(item))]))
            .OrderBy(row => row.Keys, comparer);
        if (Unique)
        {
            sorted = WithoutRepeats(sorted, comparer);
        }

        PSObject[] result = [.. sorted.Select(row => row.Object)];
        int first = Bottom < result.Length ? result.Length - Bottom : 0;
        WriteObject(result.Skip(first).Take(Top), enumerateCollection: true);
    }

    private static IEnumerable<(PSObject Object, object?[] Keys)> WithoutRepeats(
        IEnumerable<(PSObject Object, object?[] Keys)> sorted, IComparer<object?[]> comparer)
    {
        object?[]? last = null;
        foreach ((PSObject Object, object?[] Keys) row in sorted)
        {
            if (last is null || comparer.Compare(last, row.Keys) != 0)
            {
                yield return row;
            }

            last = row.Keys;
        }
    }
}
