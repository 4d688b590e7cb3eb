using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>Operators about what a collection holds.</summary>
public static class CollectionAssertions
{
    /// <summary>Nothing, or one element that is null, empty text or an empty hashtable.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeNullOrEmpty(AssertionCall call)
    {
        bool empty = call.Actual switch
        {
            null => true,
            object?[] { Length: 1 } single => IsEmpty(single[0]),
            object?[] many => many.Length == 0,
            _ => false,
        };
        return call.Judge(empty, "to be $null or empty");
    }

    /// <summary>A number of elements.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? HaveCount(AssertionCall call)
    {
        int expected = LanguagePrimitives.ConvertTo<int>(call.Expected);
        ArgumentOutOfRangeException.ThrowIfNegative(expected, nameof(call.Expected));
        int count = (call.Actual as ICollection)?.Count ?? 0;
        return call.Judge(count == expected, $"to have {expected} elements (it has {count})");
    }

    /// <summary>A collection has an element.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? Contain(AssertionCall call) =>
        call.Judge(Operators.Holds(call.Actual, "-contains", call.Expected), $"to contain {ValueText.Of(call.Expected)}");

    /// <summary>A value is an element.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeIn(AssertionCall call) =>
        call.Judge(Operators.Holds(call.Expected, "-contains", call.Actual), $"to be in {ValueText.Of(call.Expected)}");

    private static bool IsEmpty(object? value) => ValueText.Unwrap(value) is Hashtable table
        ? table.Count == 0
        : string.IsNullOrEmpty(LanguagePrimitives.ConvertTo<string>(value));
}
