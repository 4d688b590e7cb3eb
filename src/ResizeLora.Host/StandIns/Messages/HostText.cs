using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Messages;

/// <summary>The text of objects that are written for a person and not formatted: lists joined by a separator.</summary>
internal static class HostText
{
    /// <summary>The text of <paramref name="value"/>.</summary>
    public static string Of(object? value, string separator)
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            null => string.Empty,
            string text => text,
            IEnumerable elements and not IDictionary => string.Join(separator, elements.Cast<object?>().Select(element => Of(element, separator))),
            _ => LanguagePrimitives.ConvertTo<string>(value),
        };
    }
}
