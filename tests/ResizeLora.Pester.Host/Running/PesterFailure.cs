using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ResizeLora.Pester.Host.Running;

/// <summary>One error, in the form in which a test runner shows it.</summary>
/// <param name="Message">What went wrong.</param>
/// <param name="Kind">The exception's type.</param>
/// <param name="StackTrace">Where, a line for each script frame.</param>
public sealed partial record PesterFailure(string Message, string Kind, string StackTrace)
{
    /// <summary>Makes a failure of an error record.</summary>
    /// <param name="error">The record.</param>
    /// <returns>The failure, with the file and line of each script frame.</returns>
    public static PesterFailure From(ErrorRecord error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Exception exception = error.Exception;
        string stack = error.ScriptStackTrace ?? string.Empty;
        string position = error.InvocationInfo is { ScriptName.Length: > 0 } at
            ? $"at <ScriptBlock>, {at.ScriptName}: line {at.ScriptLineNumber}"
            : string.Empty;
        if (!stack.Contains(position, StringComparison.Ordinal))
        {
            stack = $"{position}\n{stack}";
        }
        return new PesterFailure(exception.Message, exception.GetType().FullName!, Frame().Replace(stack, "at ${code} in ${file}:line ${line}"));
    }

    // PowerShell's form of a frame; test runners make links of the form of .NET.
    [GeneratedRegex(@"^at (?<code>.*?), (?<file>.+): line (?<line>\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Frame();
}
