using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Counts objects, and sums, averages and ranges of their properties or of themselves.</summary>
[Cmdlet("Measure", "Object", DefaultParameterSetName = "GenericMeasure")]
internal sealed class MeasureObjectCommand : ObjectCommand
{
    private readonly List<PSObject> _objects = [];

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter Sum { get; set; }

    [Parameter]
    public SwitchParameter Average { get; set; }

    [Parameter]
    public SwitchParameter Maximum { get; set; }

    [Parameter]
    public SwitchParameter Minimum { get; set; }

    [Parameter]
    public SwitchParameter StandardDeviation { get; set; }

    [Parameter]
    public SwitchParameter AllStats { get; set; }

    private bool NeedsNumbers => Sum || Average || StandardDeviation || AllStats;

    protected override void ProcessRecord()
    {
        if (HasInput)
        {
            _objects.Add(InputObject!);
        }
    }

    protected override void EndProcessing()
    {
        if (Property is null)
        {
            WriteObject(Measure(name: null, [.. _objects.Select(item => item.BaseObject)]));
            return;
        }

        foreach (PropertyDefinition definition in Require(Property, () => PropertyDefinition.ReadAll(Property)))
        {
            var groups = _objects
                .SelectMany(definition.Evaluate)
                .Where(property => property.Value is not null)
                .GroupBy(property => property.Name, property => property.Value!, StringComparer.OrdinalIgnoreCase);
            foreach (IGrouping<string, object> group in groups)
            {
                WriteObject(Measure(definition.HasWildcards ? group.Key : definition.Label, [.. group]));
            }
        }
    }

    private PSObject Measure(string? name, IReadOnlyList<object> values)
    {
        double[] numbers = NeedsNumbers ? [.. values.SelectMany(ReadNumber)] : [];
        double? sum = numbers.Length > 0 ? numbers.Sum() : null;
        double? average = sum / numbers.Length;
        double? deviation = numbers.Length > 1
            ? Math.Sqrt(numbers.Sum(number => (number - average!.Value) * (number - average.Value)) / (numbers.Length - 1))
            : null;
        var comparer = new ValueComparer(caseSensitive: true);

        var result = new PSObject();
        result.TypeNames.Insert(0, "Microsoft.PowerShell.Commands.GenericMeasureInfo");
        Add("Count", NeedsNumbers ? numbers.Length : values.Count);
        Add("Average", Average || AllStats ? average : null);
        Add("Sum", Sum || AllStats ? sum : null);
        Add("Maximum", Maximum || AllStats ? AsNumber(values.Max(comparer)) : null);
        Add("Minimum", Minimum || AllStats ? AsNumber(values.Min(comparer)) : null);
        Add("StandardDeviation", StandardDeviation || AllStats ? deviation : null);
        Add("Property", name);
        return result;

        void Add(string property, object? value) => result.Properties.Add(new PSNoteProperty(property, value));
    }

    /// <summary>The value as a number; an error, and none, where it is not one.</summary>
    private IEnumerable<double> ReadNumber(object value)
    {
        if (LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out double number))
        {
            return [number];
        }

        WriteError(new ErrorRecord(
            new ArgumentException($"Input object \"{value}\" is not numeric."), "NonNumericInputObject", ErrorCategory.InvalidType, value));
        return [];
    }

    private static object? AsNumber(object? value) => value is null or string or DateTime or TimeSpan
        ? value
        : LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out double number) ? number : value;
}
