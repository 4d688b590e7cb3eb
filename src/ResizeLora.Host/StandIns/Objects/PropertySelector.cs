using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Makes of an object one with the chosen properties, or the value of one of them.</summary>
internal sealed class PropertySelector
{
    private readonly IReadOnlyList<PropertyDefinition> _definitions;
    private readonly WildcardPattern[] _excluded;
    private readonly PropertyDefinition? _expanded;

    /// <summary>Reads the parameters of the same names.</summary>
    public PropertySelector(object[]? property, string[]? excludeProperty, string? expandProperty)
    {
        bool takesAll = property is null && excludeProperty is not null;
        _definitions = PropertyDefinition.ReadAll(takesAll ? ["*"] : property);
        _excluded = [.. (excludeProperty ?? []).Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase))];
        _expanded = expandProperty is null ? null : PropertyDefinition.ReadAll([expandProperty])[0];
    }

    /// <summary>What becomes of one object: itself, a new one, or the elements of a value.</summary>
    public IReadOnlyList<object?> Select(PSObject input)
    {
        if (_expanded is not null)
        {
            return [.. Expand(input)];
        }

        return _definitions.Count == 0 ? [input] : [Narrow(input)];
    }

    private PSObject Narrow(PSObject input)
    {
        var result = new PSObject();
        AddProperties(input, result);
        string type = input.BaseObject is PSCustomObject ? "System.Management.Automation.PSCustomObject" : input.BaseObject.GetType().FullName!;
        result.TypeNames.Insert(0, $"Selected.{type}");
        return result;
    }

    private IEnumerable<object?> Expand(PSObject input)
    {
        (string Name, object? Value)[] found = [.. _expanded!.Evaluate(input)];
        if (found.Length == 0)
        {
            throw new ArgumentException($"Property \"{_expanded.Label}\" cannot be found.");
        }

        foreach (object? value in found.SelectMany(property => Elements(property.Value)))
        {
            if (_definitions.Count == 0 || value is null)
            {
                yield return value;
                continue;
            }

            PSObject element = PSObject.AsPSObject(value);
            AddProperties(input, element);
            yield return element;
        }
    }

    private static IEnumerable<object?> Elements(object? value) =>
        LanguagePrimitives.GetEnumerable(value) is { } elements ? elements.Cast<object?>() : [value];

    private void AddProperties(PSObject input, PSObject result)
    {
        foreach (PropertyDefinition definition in _definitions)
        {
            (string Name, object? Value)[] found = [.. definition.Evaluate(input)];
            if (found.Length == 0 && !definition.HasWildcards)
            {
                // A name that the object lacks still makes a column, so that all rows have the same.
                found = [(definition.Label, null)];
            }

            foreach ((string name, object? value) in found)
            {
                if (result.Properties[name] is null && !_excluded.Any(pattern => pattern.IsMatch(name)))
                {
                    result.Properties.Add(new PSNoteProperty(name, value));
                }
            }
        }
    }
}
