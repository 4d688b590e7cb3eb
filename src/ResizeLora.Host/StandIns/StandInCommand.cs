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

    /// <summary>Does <paramref name="work"/>, which must not write to the pipeline; its failure ends the command.</summary>
    protected T Require<T>(object? target, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (IsOfOneItem(exception))
        {
            ThrowTerminatingError(RecordOf(exception, target));
            throw;
        }
    }

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
