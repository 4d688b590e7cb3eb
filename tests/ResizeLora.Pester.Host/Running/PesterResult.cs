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
    IReadOnlyList<PesterFailure> Failures);
