using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>Operators about one value.</summary>
public static class ValueAssertions
{
    /// <summary>True as a condition.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeTrue(AssertionCall call) => call.Judge(LanguagePrimitives.IsTrue(call.Actual), "to be $true");

    /// <summary>False as a condition.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeFalse(AssertionCall call) => call.Judge(!LanguagePrimitives.IsTrue(call.Actual), "to be $false");

    /// <summary>Greater. As in Pester, what holds is that -le does not.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeGreaterThan(AssertionCall call) => Order(call, "-le", "-gt", "to be greater than");

    /// <summary>Greater or equal. As in Pester, what holds is that -lt does not.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeGreaterOrEqual(AssertionCall call) => Order(call, "-lt", "-ge", "to be greater than or equal to");

    /// <summary>Less. As in Pester, what holds is that -ge does not.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeLessThan(AssertionCall call) => Order(call, "-ge", "-lt", "to be less than");

    /// <summary>Less or equal. As in Pester, what holds is that -gt does not.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeLessOrEqual(AssertionCall call) => Order(call, "-gt", "-le", "to be less than or equal to");

    /// <summary>Like a wildcard pattern, case aside.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeLike(AssertionCall call) => Binary(call, "-like", call.Expected, "to be like");

    /// <summary>Like a wildcard pattern, case included.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeLikeExactly(AssertionCall call) => Binary(call, "-clike", call.Expected, "to be, case included, like");

    /// <summary>Matched by a regular expression, case aside.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? Match(AssertionCall call) => Binary(call, "-match", call.Value("RegularExpression"), "to match");

    /// <summary>Matched by a regular expression, case included.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? MatchExactly(AssertionCall call) => Binary(call, "-cmatch", call.Value("RegularExpression"), "to match, case included,");

    /// <summary>Of a type, given as a type or by name, or of one derived from it.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? BeOfType(AssertionCall call)
    {
        object? expected = ValueText.Unwrap(call.Value("ExpectedType"));
        if (expected is string name)
        {
            // Pester 6 compares an unknown name with the type names of the value, Pester 5 refuses it.
            expected = LanguagePrimitives.ConvertTo<Type>(name is ['[', .. string inner, ']'] ? inner : name);
        }
        return Binary(call, "-is", expected, $"(a {ValueText.Of(ValueText.Unwrap(call.Actual)?.GetType())}) to be of type");
    }

    private static string? Order(AssertionCall call, string refutation, string reversedRefutation, string wish)
    {
        // Reversed, Pester asks the opposite assertion: for values without order, neither operator may hold.
        bool refuted = Operators.Holds(call.Actual, call.Negate ? reversedRefutation : refutation, call.Expected);
        return call.Judge(refuted == call.Negate, $"{wish} {ValueText.Of(call.Expected)}");
    }

    private static string? Binary(AssertionCall call, string comparison, object? expected, string wish) =>
        call.Judge(Operators.Holds(call.Actual, comparison, expected), $"{wish} {ValueText.Of(expected)}");
}
