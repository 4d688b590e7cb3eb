using System.Collections;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>
/// One element of a <c>-Property</c> parameter: a name with or without wildcards, a script block, or a hashtable with
/// an expression and what goes with it.
/// </summary>
internal sealed class PropertyDefinition
{
    private readonly PSPropertyExpression _expression;
    private readonly string? _label;

    private PropertyDefinition(object expression, string? label)
    {
        _expression = expression switch
        {
            ScriptBlock script => new PSPropertyExpression(script),
            PSPropertyExpression given => given,
            _ => new PSPropertyExpression(LanguagePrimitives.ConvertTo<string>(expression)),
        };
        _label = label;
    }

    /// <summary>The property's name where its values carry it.</summary>
    public string Label => _label ?? _expression.ToString();

    /// <summary>What the hashtable says of the order, when it says anything.</summary>
    public bool? Descending { get; private init; }

    /// <summary>Reads every element.</summary>
    /// <exception cref="ArgumentException">An element has no expression, or a key that nothing knows.</exception>
    public static IReadOnlyList<PropertyDefinition> ReadAll(IEnumerable<object>? elements) => [.. (elements ?? []).Select(Read)];

    /// <summary>The names and values that this element finds on an object; none where a named property is absent.</summary>
    public IEnumerable<(string Name, object? Value)> Evaluate(PSObject input)
    {
        foreach (PSPropertyExpressionResult result in _expression.GetValues(input))
        {
            // A value that cannot be computed is an absent value, as in PowerShell.
            yield return (_label ?? result.ResolvedExpression.ToString(), result.Exception is null ? result.Result : null);
        }
    }

    /// <summary>The first value that this element finds.</summary>
    public object? ValueOf(PSObject input) => Evaluate(input).Select(property => property.Value).FirstOrDefault();

    /// <summary>Whether this element is a name with wildcards, which may find nothing.</summary>
    public bool HasWildcards => _expression.Script is null && _expression.HasWildCardCharacters;

    private static PropertyDefinition Read(object element)
    {
        object value = element is PSObject wrapped ? wrapped.BaseObject : element;
        if (value is not IDictionary table)
        {
            return new PropertyDefinition(value, label: null);
        }

        object? expression = null;
        string? label = null;
        bool? descending = null;
        foreach (DictionaryEntry entry in table)
        {
            object? content = entry.Value is PSObject inner ? inner.BaseObject : entry.Value;
            switch (entry.Key.ToString()?.ToUpperInvariant())
            {
                case "E" or "EXPRESSION":
                    expression = content;
                    break;
                case "N" or "NAME" or "L" or "LABEL":
                    label = content?.ToString();
                    break;
                case "DESCENDING":
                    descending = LanguagePrimitives.IsTrue(content);
                    break;
                case "ASCENDING":
                    descending = !LanguagePrimitives.IsTrue(content);
                    break;
                default:
                    throw new ArgumentException($"The key '{entry.Key}' of a calculated property has no meaning here.");
            }
        }

        return new PropertyDefinition(
            expression ?? label ?? throw new ArgumentException("A calculated property needs an Expression."),
            label)
        {
            Descending = descending,
        };
    }
}
