using System.Management.Automation;

namespace ResizeLora.Pester.Host.Running;

/// <summary>What an assertion that does not hold, and a test that skips itself, end the test with.</summary>
/// <remarks>Marked as a throw statement's, so that it ends the script as Pester's own throw does, not just the statement.</remarks>
public sealed class PesterException : RuntimeException
{
    /// <summary>The error id of an assertion that does not hold.</summary>
    public const string FailedId = "PesterAssertionFailed";

    /// <summary>The error id of a test that skips itself.</summary>
    public const string SkippedId = "PesterTestSkipped";

    /// <summary>Creates the exception.</summary>
    /// <param name="id">One of the two ids.</param>
    /// <param name="message">What does not hold, or why the test is skipped.</param>
    public PesterException(string id, string message)
        : base(message, null, new ErrorRecord(new ParentContainsErrorRecordException(message), id, ErrorCategory.InvalidResult, null))
    {
        WasThrownFromThrowStatement = true;
    }
}
