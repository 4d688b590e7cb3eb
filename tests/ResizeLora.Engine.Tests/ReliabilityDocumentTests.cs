using System.Reflection;
using System.Text.RegularExpressions;

namespace ResizeLora.Tests;

/// <summary>docs/reliability.md names the tests that hold its promises; every one of them exists and runs.</summary>
public sealed partial class ReliabilityDocumentTests
{
    private static readonly string Root = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;

    public static TheoryData<string, string> Promises() => new(Rows().Select(static row => (row[0], row[1])));

    [Fact]
    public void The_document_has_many_promises() => Assert.InRange(Rows().Count(), 30, 200);

    // A promise whose tests cannot run on this machine is skipped here with their reason, so that nobody takes it for shown.
    [Theory]
    [MemberData(nameof(Promises))]
    public void A_promise_is_held_by_tests_that_exist_and_run_here(string promise, string tests)
    {
        Assert.NotEmpty(promise);
        string[] names = [.. Quoted().Matches(tests).Select(static match => match.Groups[1].Value)];
        Assert.NotEmpty(names);
        Assert.All(names, static name => Assert.True(Exists(name), $"There is no test '{name}'."));
        string[] reasons = [.. names.Select(static name => MethodOf(name)?.GetCustomAttribute<FactAttribute>()?.Skip).OfType<string>()];
        Assert.SkipWhen(reasons.Length > 0, string.Join(' ', reasons.Distinct(StringComparer.Ordinal)));
    }

    private static IEnumerable<string[]> Rows() =>
        from line in File.ReadAllLines(Path.Combine(Root, "docs", "reliability.md"))
        where
            line.StartsWith("| ", StringComparison.Ordinal) && line[2] is not '-' && !line.StartsWith("| promise", StringComparison.Ordinal)
        select line.Split('|')[1..3];

    private static bool Exists(string name)
    {
        if (name.Split(": ", 2) is [var file, var title])
        {
            string path = Path.Combine(Root, "tests", "Pester", file);
            string declaration = $"It '{title.Replace("'", "''", StringComparison.Ordinal)}'";
            return File.Exists(path) && File.ReadAllText(path).Contains(declaration, StringComparison.Ordinal);
        }

        return MethodOf(name)?.GetCustomAttribute<FactAttribute>() is not null;
    }

    private static MethodInfo? MethodOf(string name) =>
        name.Split('.') is [var type, var method]
            ? Assembly
                .GetExecutingAssembly()
                .GetTypes()
                .Where(known => known.Name == type)
                .Select(known => known.GetMethod(method))
                .FirstOrDefault()
            : null;

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
