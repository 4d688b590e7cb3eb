using System.Management.Automation;
using ResizeLora.Pester.Host.Running;

namespace ResizeLora.Pester.Host.Blocks;

/// <summary>One It, for one element of its <c>-ForEach</c>.</summary>
/// <param name="parent">The block around it.</param>
/// <param name="definition">What the file said.</param>
public sealed class PesterTest(PesterBlock parent, ItemDefinition definition) : PesterItem(parent, definition)
{
    /// <summary>The setups before the test, outermost first.</summary>
    public IEnumerable<ScriptBlock> Setups => EachSteps(StepKind.BeforeEach).Reverse();

    /// <summary>The teardowns after the test, innermost first.</summary>
    public IEnumerable<ScriptBlock> Teardowns => EachSteps(StepKind.AfterEach);

    /// <summary>How the test ended; null until it has.</summary>
    public PesterResult? Result { get; private set; }

    /// <summary>Notes that the test has ended.</summary>
    /// <param name="duration">How long it took.</param>
    /// <param name="output">What it wrote to the host.</param>
    public void Finish(TimeSpan duration, string output)
    {
        if (Skip)
        {
            Result = PesterResult.Skipped(duration, output, "-Skip is set.");
        }
        else if (Errors is [{ FullyQualifiedErrorId: PesterException.SkippedId } skipped])
        {
            Result = PesterResult.Skipped(duration, output, skipped.Exception.Message);
        }
        else
        {
            PesterOutcome outcome = Errors.Count == 0 ? PesterOutcome.Passed : PesterOutcome.Failed;
            Result = new PesterResult(outcome, duration, output, null, PesterFailure.From(Errors));
        }
    }

    /// <summary>Gives a test that was never reached the result that says why.</summary>
    public void FinishUnreached()
    {
        if (Result is not null)
        {
            return;
        }
        PesterBlock? culprit = Ancestors.FirstOrDefault(block => block.Errors.Count > 0);
        IReadOnlyList<PesterFailure> failures = culprit is null
            ? [new PesterFailure("The test was not run: the file ended before it.", nameof(PesterException), string.Empty)]
            : PesterFailure.From(culprit.Errors);
        Result = PesterResult.Failed(failures);
    }

    private IEnumerable<ScriptBlock> EachSteps(StepKind kind) => Ancestors.Select(block => block.Step(kind)).OfType<ScriptBlock>();
}
