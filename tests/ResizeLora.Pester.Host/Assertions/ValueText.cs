using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>Values as a message shows them.</summary>
public static class ValueText
{
    private const int ShownElements = 10;

    /// <summary>A value as it would be written in PowerShell, a long collection cut short.</summary>
    /// <param name="value">The value.</param>
    /// <returns>Its text.</returns>
    public static string Of(object? value) => Unwrap(value) switch
    {
        null => "$null",
        "" => "<empty>",
        string text => $"'{text}'",
        bool truth => truth ? "$true" : "$false",
        DateTime time => time.ToString("o", CultureInfo.InvariantCulture),
        Type type => $"[{LanguagePrimitives.ConvertTo<string>(type)}]",
        ScriptBlock script => $"{{{script}}}",
        IDictionary dictionary => LanguagePrimitives.ConvertTo<string>(dictionary),
        ICollection collection => OfCollection(collection),
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };

    /// <summary>A reason as a part of a sentence.</summary>
    /// <param name="because">The reason, with or without the word because.</param>
    /// <returns>" because …,", or nothing without a reason.</returns>
    public static string OfReason(string? because)
    {
        string reason = because?.Trim() ?? string.Empty;
        return reason.Length == 0 ? string.Empty : $" because {reason.Replace("because ", string.Empty, StringComparison.OrdinalIgnoreCase)},";
    }

    /// <summary>The value without the wrapper that the pipeline puts around it.</summary>
    /// <param name="value">The value.</param>
    /// <returns>What is inside.</returns>
    public static object? Unwrap(object? value) =>
        value is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : value;

    private static string OfCollection(ICollection collection)
    {
        string rest = collection.Count > ShownElements
            ? string.Create(CultureInfo.InvariantCulture, $", ...{collection.Count - ShownElements} more")
            : string.Empty;
        return $"@({string.Join(", ", collection.Cast<object?>().Take(ShownElements).Select(Of))}{rest})";
    }
}
