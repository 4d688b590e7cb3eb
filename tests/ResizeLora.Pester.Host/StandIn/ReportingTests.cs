using ResizeLora.Pester.Host.Reporting;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.StandIn;

public sealed class ReportingTests : IDisposable
{
    private readonly NullMessageSink diagnostics = new();
    private readonly SpyMessageBus bus = new();
    private readonly CancellationTokenSource cancellation = new();

    public void Dispose()
    {
        diagnostics.Dispose();
        bus.Dispose();
        cancellation.Dispose();
    }

    [Fact]
    public async Task Each_test_is_one_result_and_a_failed_block_one_more()
    {
        List<PesterTestCase> cases = Cases("Outcomes");

        RunSummary summary = await Run(cases);

        Assert.Equal(26, cases.Count);
        Assert.Equal(cases.Count, cases.Select(testCase => testCase.UniqueID).Distinct().Count());
        Assert.Equal(
            ["Outcomes.Fixture.ps1: Failing setup of all (setup or teardown)", "Outcomes.Fixture.ps1: Failing teardown of all (setup or teardown)"],
            Names<ITestFailed>().Where(name => name.EndsWith("(setup or teardown)", StringComparison.Ordinal)));
        Assert.Equal((28, 13, 7), (summary.Total, summary.Failed, summary.Skipped));
        Assert.Equal((8, 13, 7), (Names<ITestPassed>().Count(), Names<ITestFailed>().Count(), Names<ITestSkipped>().Count()));
        Assert.Equal(summary.Total, Names<ITestFinished>().Count());
    }

    [Fact]
    public async Task A_skipped_test_gives_its_reason()
    {
        await Run(Cases("Outcomes").Where(testCase => testCase.DisplayName.EndsWith("Skipped by itself", StringComparison.Ordinal)));

        Assert.Equal("is skipped, because there is no GPU", Assert.Single(bus.Messages.OfType<ITestSkipped>()).Reason);
    }

    [Fact]
    public async Task A_file_that_cannot_be_discovered_is_one_failure()
    {
        PesterTestCase testCase = Assert.Single(Cases("Refused/Parse"));

        await Run([testCase]);

        ITestFailed failed = Assert.Single(bus.Messages.OfType<ITestFailed>());
        Assert.Equal("Parse.Fixture.ps1: discovery", failed.Test.DisplayName);
        Assert.StartsWith("Missing closing", Assert.Single(failed.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void A_test_case_survives_the_way_to_an_editor_and_back()
    {
        PesterTestCase testCase = Cases("Data")[0];

        var copy = SerializationHelper.Deserialize<PesterTestCase>(SerializationHelper.Serialize(testCase));

        Assert.Equal("Data.Fixture.ps1: Data squares 2 to 4", copy.DisplayName);
        Assert.Equal(testCase.UniqueID, copy.UniqueID);
        Assert.Equal((testCase.FilePath, testCase.Index), (copy.FilePath, copy.Index));
    }

    [Fact]
    public void Tags_are_traits() =>
        Assert.Equal(["Ignored", "Other"], Cases("Edges")[^1].Traits["Tag"]);

    private List<PesterTestCase> Cases(string fixture)
    {
        IAssemblyInfo assembly = Reflector.Wrap(typeof(PesterTests).Assembly);
        var collection = new TestCollection(new TestAssembly(assembly), null, nameof(ReportingTests));
        var method = new TestMethod(
            new TestClass(collection, Reflector.Wrap(typeof(PesterTests))),
            Reflector.Wrap(typeof(PesterTests).GetMethod(nameof(PesterTests.Tests))!));
        return [.. new PesterDiscoverer(diagnostics).Cases(method, Fixtures.Path(fixture))];
    }

    private async Task<RunSummary> Run(IEnumerable<PesterTestCase> cases)
    {
        var summary = new RunSummary();
        foreach (PesterTestCase testCase in cases)
        {
            summary.Aggregate(await testCase.RunAsync(diagnostics, bus, [], new ExceptionAggregator(), cancellation));
        }
        return summary;
    }

    private IEnumerable<string> Names<T>()
        where T : ITestMessage =>
        bus.Messages.OfType<T>().Select(message => message.Test.DisplayName);
}
