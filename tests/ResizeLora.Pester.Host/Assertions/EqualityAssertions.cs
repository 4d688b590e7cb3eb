using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>Should -Be and -BeExactly: values and whole collections, element by element, by PowerShell's -eq and -ceq.</summary>
public static class EqualityAssertions
{
    private const int DepthLimit = 100;

    /// <summary>Equal, case aside.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? Be(AssertionCall call) => Compare(call, "-eq");

    /// <summary>Equal, case included.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeExactly(AssertionCall call) => Compare(call, "-ceq");

    private static string? Compare(AssertionCall call, string comparison)
    {
        object? expected = ValueText.Unwrap(call.Expected);
        // Pester 5 takes such a value as one element, Pester 6 as a collection.
        if (expected is not IList && LanguagePrimitives.GetEnumerable(expected) is not null)
        {
            throw new PSNotSupportedException($"Put @() around what is expected: Pester 5 and 6 differ on a {expected!.GetType()}.");
        }
        bool equal = AreEqual(call.Actual, expected, comparison, 1);
        if (equal != call.Negate)
        {
            return null;
        }
        object? actual = call.Actual is object?[] { Length: 1 } single ? single[0] : call.Actual;
        return call.Negate
            ? $"Expected {ValueText.Of(expected)} to be different from the actual value,{call.Because} but got the same value."
            : $"Expected {ValueText.Of(expected)},{call.Because} but got {ValueText.Of(actual)}.{Difference(actual, expected)}";
    }

    private static bool AreEqual(object? actual, object? expected, string comparison, int depth)
    {
        if (depth > DepthLimit)
        {
            throw new PSInvalidOperationException("The collections are nested too deeply to compare.");
        }
        object?[] left = Elements(actual);
        object?[] right = Elements(expected);
        // A collection of nothing, or of one null, is null.
        if (left is [] or [null] || right is [] or [null])
        {
            return left is [] or [null] && right is [] or [null];
        }
        return left.Length == right.Length && left.Zip(right).All(pair => IsArray(pair.First) || IsArray(pair.Second)
            ? AreEqual(pair.First, pair.Second, comparison, depth + 1)
            : Operators.Holds(pair.Second, comparison, pair.First));
    }

    private static bool IsArray(object? value) => ValueText.Unwrap(value) is Array;

    private static object?[] Elements(object? value) => ValueText.Unwrap(value) switch
    {
        null => [],
        IList list => [.. list.Cast<object?>()],
        _ => [value],
    };

    private static string Difference(object? actual, object? expected)
    {
        if (ValueText.Unwrap(actual) is not string left || expected is not string right || left.Length + right.Length < 40)
        {
            return string.Empty;
        }
        int at = left.Zip(right).TakeWhile(pair => char.ToUpperInvariant(pair.First) == char.ToUpperInvariant(pair.Second)).Count();
        return $" The texts differ at index {at}.";
    }
}
