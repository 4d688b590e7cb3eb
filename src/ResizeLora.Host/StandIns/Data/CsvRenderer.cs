using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes objects as lines of separated values; the first object names the columns. Invariant culture.</summary>
internal sealed class CsvRenderer(char delimiter, bool quoteAlways)
{
    private string[]? _columns;

    /// <summary>Uses the columns that a file has already.</summary>
    public void UseColumns(string[] columns) => _columns = columns;

    /// <summary>The lines of one object: its values, and before the first object's the columns' names.</summary>
    public IEnumerable<string> Render(PSObject input)
    {
        if (_columns is null)
        {
            _columns = [.. input.Properties.Select(property => property.Name)];
            yield return Line(_columns);
        }

        yield return Line(_columns.Select(column => TextOf(input.Properties[column])));
    }

    private string Line(IEnumerable<string?> values) => string.Join(delimiter, values.Select(Quote));

    private string Quote(string? value)
    {
        if (value is null)
        {
            return string.Empty;
        }

        bool mustQuote = quoteAlways || value.AsSpan().ContainsAny(['"', '\n', '\r', delimiter]);
        return mustQuote ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
    }

    private static string? TextOf(PSPropertyInfo? property)
    {
        object? value;
        try
        {
            value = property?.Value;
        }
        catch (GetValueException)
        {
            // A property that cannot be read has no value to write.
            return null;
        }

        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            null => null,
            IFormattable formattable => formattable.ToString(format: null, CultureInfo.InvariantCulture),
            _ => plain.ToString(),
        };
    }
}
