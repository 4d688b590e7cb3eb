using System.Collections;
using System.Management.Automation;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Properties of objects that were stored, sent by a job, or projected by Select-Object.</summary>
internal static class StoredObject
{
    /// <summary>Converts one object, or each of several, and leaves what is of another kind as it is.</summary>
    /// <param name="value">What came from the command line or the pipeline.</param>
    /// <param name="convert">Gives the object, or null where it is of another kind.</param>
    public static object Convert(object value, Func<PSObject, object?> convert)
    {
        if (value is null or string or PSObject { BaseObject: string })
        {
            return value!;
        }

        object bare = value is PSObject wrapped ? wrapped.BaseObject : value;
        object? ConvertItem(object? item) => item is null ? null : convert(PSObject.AsPSObject(item)) ?? item;
        return bare is IList several and not byte[]? several.Cast<object?>().Select(ConvertItem).ToArray()
            : convert(PSObject.AsPSObject(value)) ?? value;
    }

    /// <summary>The text of a property; null where there is none or it is empty, as in a CSV file.</summary>
    public static string? Text(PSObject stored, string property) =>
        Value(stored, property) is { } value && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The value of a property without PowerShell's wrapping, or null.</summary>
    public static object? Value(PSObject stored, string property) =>
        stored.Properties[property]?.Value is { } value
            ? (value is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : value)
            : null;
}
