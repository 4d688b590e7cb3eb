using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>Should -Throw.</summary>
public static class ThrowAssertion
{
    // A stray break ends the script block, not the test.
    private static readonly ScriptBlock Catcher =
        ScriptBlock.Create("param($____action) do { try { $null = & $____action } catch { return $_ } } while ($false)");

    /// <summary>A script block ends with an error, of a message, id and type where these are given.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? Throw(AssertionCall call)
    {
        if (ValueText.Unwrap(call.Actual) is not ScriptBlock action)
        {
            throw new PSArgumentException("Should -Throw needs a script block in braces as its input.");
        }
        var error = ValueText.Unwrap(Catcher.InvokeReturnAsIs(action)) as ErrorRecord;
        if (call.Negate)
        {
            return error is null ? null : $"Expected no exception to be thrown,{call.Because} but {Describe(error)} was thrown.";
        }
        List<string> wishes = [.. Wishes(call, error)];
        if (error is null || wishes.Count > 0)
        {
            return $"Expected an exception to be thrown{string.Concat(wishes)},{call.Because} but {(error is null ? "none" : Describe(error))} was.";
        }
        call.Output = call.Switch("PassThru") ? error : null;
        return null;
    }

    /// <summary>What was asked of the error and is not so.</summary>
    private static IEnumerable<string> Wishes(AssertionCall call, ErrorRecord? error)
    {
        if (LanguagePrimitives.ConvertTo<Type>(call.Value("ExceptionType")) is { } type && !type.IsInstanceOfType(error?.Exception))
        {
            yield return $" of type {ValueText.Of(type)}";
        }
        string message = call.Text("ExpectedMessage");
        if (!IsLike(error?.Exception.Message, message))
        {
            yield return $" with a message like '{message}'";
        }
        string id = call.Text("ErrorId");
        if (!IsLike(error?.FullyQualifiedErrorId, id))
        {
            yield return $" with the error id '{id}'";
        }
    }

    private static bool IsLike(string? actual, string pattern) =>
        string.IsNullOrWhiteSpace(pattern) || Operators.Holds(actual, "-like", pattern);

    private static string Describe(ErrorRecord error) =>
        $"{ValueText.Of(error.Exception.GetType())} \"{error.Exception.Message}\" ({error.FullyQualifiedErrorId}) from {error.InvocationInfo?.ScriptName}:{error.InvocationInfo?.ScriptLineNumber}";
}
