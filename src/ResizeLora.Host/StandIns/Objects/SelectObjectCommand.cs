using System.Management.Automation;
using ResizeLora.Host.Engine;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Selects objects by their place, and properties of objects by their names.</summary>
[Cmdlet(VerbsCommon.Select, "Object", DefaultParameterSetName = "DefaultParameter")]
internal sealed class SelectObjectCommand : ObjectCommand
{
    private const string LastSet = "SkipLastParameter";
    private const string IndexSet = "IndexParameter";

    private readonly Queue<PSObject> _held = new();
    private readonly List<PSObject> _unique = [];
    private PropertySelector? _selector;
    private int _seen;
    private int _taken;

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public string[]? ExcludeProperty { get; set; }

    [Parameter]
    public string? ExpandProperty { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int Last { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int First { get; set; } = -1;

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = LastSet)]
    [ValidateRange(0, int.MaxValue)]
    public int Skip { get; set; }

    [Parameter(ParameterSetName = LastSet)]
    [ValidateRange(0, int.MaxValue)]
    public int SkipLast { get; set; }

    [Parameter(ParameterSetName = IndexSet)]
    [ValidateRange(0, int.MaxValue)]
    public int[]? Index { get; set; }

    protected override void BeginProcessing() =>
        _selector = Require(Property, () => new PropertySelector(Property, ExcludeProperty, ExpandProperty));

    protected override void ProcessRecord()
    {
        if (!HasInput)
        {
            return;
        }

        int place = _seen++;
        if (Index is not null)
        {
            if (Index.Contains(place))
            {
                Write(InputObject!);
            }

            return;
        }

        if (place < Skip && (Last == 0 || First >= 0))
        {
            return;
        }

        if (First >= 0 && _taken < First)
        {
            _taken++;
            Write(InputObject!);
            StopWhenNothingIsLeftToTake();
        }
        else if (Last > 0 || SkipLast > 0)
        {
            Hold(InputObject!);
        }
        else if (First < 0)
        {
            Write(InputObject!);
        }
        else
        {
            StopWhenNothingIsLeftToTake();
        }
    }

    protected override void EndProcessing()
    {
        // With -Last, -Skip leaves out from the end.
        int count = SkipLast > 0 ? 0 : Math.Max(_held.Count - (First >= 0 ? 0 : Skip), 0);
        foreach (PSObject held in _held.Take(count))
        {
            Write(held);
        }

        WriteObject(_unique, enumerateCollection: true);
    }

    private void StopWhenNothingIsLeftToTake()
    {
        if (_taken >= First && Last == 0 && !Unique)
        {
            throw EngineInternals.CreateStopUpstreamException(this);
        }
    }

    private void Hold(PSObject input)
    {
        _held.Enqueue(input);
        if (SkipLast > 0 && _held.Count > SkipLast)
        {
            Write(_held.Dequeue());
        }
        else if (Last > 0 && _held.Count > Last + (First >= 0 ? 0 : Skip))
        {
            _held.Dequeue();
        }
    }

    private void Write(PSObject input)
    {
        foreach (object? selected in Attempt(input, () => _selector!.Select(input), otherwise: []))
        {
            if (!Unique)
            {
                WriteObject(selected);
            }
            else if (selected is not null && !_unique.Any(other => AreEqual(other, PSObject.AsPSObject(selected))))
            {
                _unique.Add(PSObject.AsPSObject(selected));
            }
        }
    }

    private static bool AreEqual(PSObject first, PSObject second)
    {
        if (first.BaseObject is not PSCustomObject || second.BaseObject is not PSCustomObject)
        {
            return LanguagePrimitives.Equals(first, second);
        }

        return first.Properties.Select(property => property.Name).SequenceEqual(second.Properties.Select(property => property.Name))
            && first.Properties.All(property => LanguagePrimitives.Equals(property.Value, second.Properties[property.Name].Value));
    }
}
