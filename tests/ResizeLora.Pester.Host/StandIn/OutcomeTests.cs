using ResizeLora.Pester.Host.Blocks;
using ResizeLora.Pester.Host.Running;
using Xunit;

namespace ResizeLora.Pester.Host.StandIn;

public sealed class OutcomeTests
{
    [Theory]
    [InlineData("Scopes", 15)]
    [InlineData("Data", 16)]
    [InlineData("Outcomes", 26)]
    [InlineData("Drive", 8)]
    [InlineData("Edges", 42)]
    [InlineData("Assertions", 161)]
    public void Every_test_ends_as_its_tag_says(string name, int count)
    {
        PesterFile file = Fixtures.Run(name);

        Assert.Null(file.DiscoveryFailure);
        Assert.Equal(count, file.Tests.Count);
        Assert.All(file.Tests, test => Assert.True(Expected(test) == test.Result!.Outcome, $"{test.FullName}: {test.Result}"));
    }

    [Fact]
    public void Names_are_filled_from_the_data_and_from_what_setups_set() =>
        Assert.Equal(
            [
                "Data squares 2 to 4",
                "Data squares 3 to 9",
                "Data takes 1",
                "Data takes 2",
                "Data takes 3",
                "Data names conv_in of 2",
                "Data fails for this",
                "Data binds 5 to a parameter",
                "Data names what setup set: from setup",
                """Data keeps <brackets>, "quotes" and $dollars with 1""",
                """Data says "quoted" and $dollar""",
                "Block of 4 doubles 4",
                "Block of 4 layer a knows both: 4 a",
                "Block of 4 layer b knows both: 4 b",
                "Block of 8 doubles 8",
                "Block of 8 layer c knows both: 8 c",
            ],
            Fixtures.Run("Data").Tests.Select(test => test.FullName));

    [Fact]
    public void A_failure_says_what_and_where()
    {
        PesterTest test = Fixtures.Test("Outcomes", "Failing stops at the first assertion");

        PesterFailure failure = Assert.Single(test.Result!.Failures);
        Assert.Equal("Expected 2, but got 1.", failure.Message);
        Assert.StartsWith($"at <ScriptBlock> in {Fixtures.Path("Outcomes")}:line {test.Line + 1}", failure.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_setup_is_the_reason_of_the_tests_behind_it()
    {
        PesterTest test = Fixtures.Test("Outcomes", "Failing setup of all nested fails nested tests");

        Assert.Equal("setup failed", Assert.Single(test.Result!.Failures).Message);
    }

    [Fact]
    public void A_failed_teardown_is_an_error_of_its_block() =>
        Assert.Equal(
            ["Failing setup of all", "Failing teardown of all"],
            Fixtures.Run("Outcomes").Tests
                .SelectMany(test => test.Ancestors)
                .Where(block => block.Errors.Count > 0)
                .Select(block => block.FullName)
                .Distinct());

    [Fact]
    public void A_test_that_skips_itself_says_why() =>
        Assert.Equal(
            "is skipped, because there is no GPU",
            Fixtures.Test("Outcomes", "Skipped by itself").Result!.Reason);

    [Fact]
    public void Output_belongs_to_the_test_that_wrote_it()
    {
        Assert.Contains("ERROR: The term 'Get-NothingOfThatName'", Fixtures.Test("Outcomes", "Failing goes on after an error that ends nothing").Result!.Output, StringComparison.Ordinal);
        Assert.Empty(Fixtures.Test("Outcomes", "Failing passes when it is empty").Result!.Output);
    }

    private static PesterOutcome Expected(PesterTest test) => test.Tags switch
    {
        ["Fails"] => PesterOutcome.Failed,
        ["Skips"] => PesterOutcome.Skipped,
        _ => PesterOutcome.Passed,
    };
}
