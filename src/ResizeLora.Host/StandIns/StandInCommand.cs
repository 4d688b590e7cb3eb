using System.Management.Automation;

namespace ResizeLora.Host.StandIns;

/// <summary>What the stand-ins share: one failure is one error of the command, and the rest goes on.</summary>
internal abstract class StandInCommand : PSCmdlet
{
    /// <summary>Does <paramref name="work"/>, which must not write to the pipeline; false when it failed, after its error was written.</summary>
    protected bool Attempt(object? target, Action work) =>
        Attempt(
            target,
            () =>
            {
                work();
                return true;
            },
            otherwise: false);

    /// <summary>Does <paramref name="work"/>, which must not write to the pipeline; <paramref name="otherwise"/> when it failed.</summary>
    protected T Attempt<T>(object? target, Func<T> work, T otherwise)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (IsOfOneItem(exception))
        {
            WriteError(RecordOf(exception, target));
            return otherwise;
        }
    }

    /// <summary>Ends the command with an error in the engine's style.</summary>
    protected void Fail(string message, string errorId, ErrorCategory category, object? target = null) =>
        ThrowTerminatingError(new ErrorRecord(new ArgumentException(message), errorId, category, target));

    private static bool IsOfOneItem(Exception exception) => exception switch
    {
        PipelineStoppedException or ActionPreferenceStopException => false,
        RuntimeException or IOException or UnauthorizedAccessException or ArgumentException => true,
        NotSupportedException or InvalidOperationException or FormatException => true,
        _ => false,
    };

    private static ErrorRecord RecordOf(Exception exception, object? target) => exception switch
    {
        IContainsErrorRecord { ErrorRecord: { } record } => new ErrorRecord(record, exception),
        UnauthorizedAccessException => new ErrorRecord(exception, "PermissionDenied", ErrorCategory.PermissionDenied, target),
        IOException => new ErrorRecord(exception, "InputOutputError", ErrorCategory.WriteError, target),
        _ => new ErrorRecord(exception, exception.GetType().Name, ErrorCategory.InvalidOperation, target),
    };
}
