using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>Operators about what a path names.</summary>
public static class FileAssertions
{
    /// <summary>Something is there; wildcards count.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? Exist(AssertionCall call) =>
        call.Judge(call.Command.InvokeProvider.Item.Exists(LanguagePrimitives.ConvertTo<string>(call.Actual)), "to exist");

    /// <summary>A line of a file is matched by a regular expression, case aside.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What does not hold, or null.</returns>
    public static string? FileContentMatch(AssertionCall call)
    {
        object? expected = call.Value("ExpectedContent");
        string path = LanguagePrimitives.ConvertTo<string>(call.Actual);
        bool found = Files(call.Command, path).SelectMany(File.ReadLines).Any(line => Operators.Holds(line, "-match", expected));
        return call.Judge(found, $"to have a line that matches {ValueText.Of(expected)}");
    }

    private static Collection<string> Files(PSCmdlet command, string path)
    {
        try
        {
            return command.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out _);
        }
        catch (ItemNotFoundException missing)
        {
            // Pester reads with Get-Content, for which a missing file is an error that does not end the test.
            command.WriteError(new ErrorRecord(missing, "PathNotFound", ErrorCategory.ObjectNotFound, path));
            return [];
        }
    }
}
