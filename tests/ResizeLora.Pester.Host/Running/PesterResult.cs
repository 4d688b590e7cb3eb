namespace ResizeLora.Pester.Host.Running;

/// <summary>How one test ended.</summary>
/// <param name="Outcome">Passed, failed or skipped.</param>
/// <param name="Duration">How long its setups, body and teardowns took.</param>
/// <param name="Output">What it wrote to the host.</param>
/// <param name="Reason">Why it was skipped.</param>
/// <param name="Failures">What failed, first the first.</param>
public sealed record PesterResult(
    PesterOutcome Outcome,
    TimeSpan Duration,
    string Output,
    string? Reason,
    IReadOnlyList<PesterFailure> Failures)
{
    /// <summary>The result of a test that was skipped.</summary>
    /// <param name="duration">How long its steps took.</param>
    /// <param name="output">What it wrote to the host.</param>
    /// <param name="reason">Why.</param>
    /// <returns>The result.</returns>
    public static PesterResult Skipped(TimeSpan duration, string output, string reason) =>
        new(PesterOutcome.Skipped, duration, output, reason, []);

    /// <summary>The result of what never came to run.</summary>
    /// <param name="failures">Why.</param>
    /// <returns>The result.</returns>
    public static PesterResult Failed(IReadOnlyList<PesterFailure> failures) =>
        new(PesterOutcome.Failed, TimeSpan.Zero, string.Empty, null, failures);
}
