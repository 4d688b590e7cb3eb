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
        IEnumerable<string> frames = Frame().Matches(stack)
            .Where(frame => frame.Groups["file"].ValueSpan is var file && !file.EndsWith(PesterFile.RunFileName, StringComparison.Ordinal) && !file.SequenceEqual("<No file>"))
            .Select(frame => frame.Result("at ${code} in ${file}:line ${line}"));
        string kind = exception is PesterException ? nameof(PesterException) : exception.GetType().FullName!;
        return new PesterFailure(exception.Message, kind, string.Join(Environment.NewLine, frames));
    }

    /// <summary>Makes failures of error records.</summary>
    /// <param name="errors">The records.</param>
    /// <returns>The failures, in the same order.</returns>
    public static IReadOnlyList<PesterFailure> From(IEnumerable<ErrorRecord> errors) => [.. errors.Select(From)];

    // PowerShell's form of a frame; test runners make links of the form of .NET. The frames of the stand-in itself are left out.
    [GeneratedRegex(@"^at (?<code>.*?), (?<file>.+): line (?<line>\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Frame();
}
