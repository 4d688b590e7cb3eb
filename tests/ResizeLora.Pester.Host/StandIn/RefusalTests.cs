using ResizeLora.Pester.Host.Running;
using Xunit;

namespace ResizeLora.Pester.Host.StandIn;

public sealed class RefusalTests
{
    [Theory]
    [InlineData("Parse", "Missing closing '}'", 1)]
    [InlineData("Discovery", "no number", 6)]
    [InlineData("EmptyForEach", "-ForEach must have elements", 2)]
    [InlineData("NullForEach", "-ForEach must have elements", 2)]
    [InlineData("RootTest", "It must stand in a Describe", 1)]
    [InlineData("RootEach", "BeforeEach must stand in a Describe", 1)]
    [InlineData("TwoSetups", "has a BeforeAll already", 3)]
    [InlineData("Parameters", "parameters is not supported", 1)]
    [InlineData("UnknownParameter", "'Unknown'", 1)]
    [InlineData("Pending", "'Pending'", 1)]
    [InlineData("InModuleScope", "'InModuleScope'", 1)]
    public void A_file_that_discovery_cannot_read_fails_as_a_whole(string name, string message, int line)
    {
        string path = Fixtures.Path($"Refused/{name}");
        var file = PesterFile.Get(path);

        Assert.NotNull(file.DiscoveryFailure);
        Assert.Contains(message, file.DiscoveryFailure.Message, StringComparison.Ordinal);
        Assert.Contains($"{path}:line {line}", file.DiscoveryFailure.StackTrace, StringComparison.Ordinal);
        Assert.Empty(file.Tests);
    }

    [Fact]
    public void What_the_stand_in_does_not_know_fails()
    {
        PesterFile file = Fixtures.Run("Refused/Words");

        Assert.Equal(12, file.Tests.Count);
        Assert.All(file.Tests, test => Assert.True(test.Result!.Outcome == PesterOutcome.Failed, test.Name));
    }
}
