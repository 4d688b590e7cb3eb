using System.Runtime.CompilerServices;
using ResizeLora.Pester.Host.Blocks;
using ResizeLora.Pester.Host.Running;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.Reporting;

/// <summary>Runs the file of a test case if it has not run, and reports the test's result and that of a block that failed around it.</summary>
/// <param name="testCase">The test case.</param>
/// <param name="file">Its file.</param>
/// <param name="messageBus">Where results go.</param>
/// <param name="aggregator">Where the framework's errors go.</param>
/// <param name="cancellation">Stops the run.</param>
public sealed class PesterTestCaseRunner(
    PesterTestCase testCase,
    PesterFile file,
    IMessageBus messageBus,
    ExceptionAggregator aggregator,
    CancellationTokenSource cancellation)
    : TestCaseRunner<PesterTestCase>(testCase, messageBus, aggregator, cancellation)
{
    private static readonly PesterFailure Changed =
        new("The file has changed since its tests were discovered.", nameof(InvalidOperationException), string.Empty);

    // A block's own failure is reported once, with the first of its tests that is reported.
    private static readonly ConditionalWeakTable<PesterBlock, object> Reported = [];

    /// <inheritdoc/>
    protected override Task<RunSummary> RunTestAsync()
    {
        if (file.DiscoveryFailure is { } failure)
        {
            return Task.FromResult(Report("discovery", PesterResult.Failed([failure])));
        }
        if (file.Tests.ElementAtOrDefault(TestCase.Index) is not { } test)
        {
            return Task.FromResult(Report("discovery", PesterResult.Failed([Changed])));
        }
        file.EnsureRun();
        RunSummary summary = Report(test.FullName, test.Result!);
        foreach (PesterBlock block in test.Ancestors.Where(block => block.Errors.Count > 0 && Reported.TryAdd(block, block)))
        {
            summary.Aggregate(Report($"{block.FullName} (setup or teardown)".Trim(), PesterResult.Failed(PesterFailure.From(block.Errors))));
        }
        return Task.FromResult(summary);
    }

    private RunSummary Report(string name, PesterResult result)
    {
        var test = new XunitTest(TestCase, TestCase.Titled(name));
        decimal seconds = (decimal)result.Duration.TotalSeconds;
        Send(new TestStarting(test));
        Send(result.Outcome switch
        {
            PesterOutcome.Passed => new TestPassed(test, seconds, result.Output),
            PesterOutcome.Skipped => new TestSkipped(test, result.Reason),
            _ => Failure(test, seconds, result),
        });
        Send(new TestFinished(test, seconds, result.Output));
        return new RunSummary
        {
            Total = 1,
            Failed = result.Outcome == PesterOutcome.Failed ? 1 : 0,
            Skipped = result.Outcome == PesterOutcome.Skipped ? 1 : 0,
            Time = seconds,
        };
    }

    private static TestFailed Failure(ITest test, decimal seconds, PesterResult result) => new(
        test,
        seconds,
        result.Output,
        [.. result.Failures.Select(failure => failure.Kind)],
        [.. result.Failures.Select(failure => failure.Message)],
        [.. result.Failures.Select(failure => failure.StackTrace)],
        [.. result.Failures.Select((_, index) => index - 1)]);

    private void Send(IMessageSinkMessage message)
    {
        if (!MessageBus.QueueMessage(message))
        {
            CancellationTokenSource.Cancel();
        }
    }
}
