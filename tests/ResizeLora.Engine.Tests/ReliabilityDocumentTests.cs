using System.Reflection;
using System.Text.RegularExpressions;

namespace ResizeLora.Tests;

/// <summary>docs/reliability.md names the tests that hold its promises; every one of them exists.</summary>
public sealed partial class ReliabilityDocumentTests
{
    private static readonly string Root = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;

    [Fact]
    public void Every_test_that_the_document_names_exists()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(Root, "docs", "reliability.md")).Where(static line => line.StartsWith("| ", StringComparison.Ordinal) && line[2] is not '-' && !line.StartsWith("| promise", StringComparison.Ordinal))];
        Assert.InRange(rows.Length, 30, 200);
        Assert.All(rows, static row =>
        {
            string[] names = [.. Quoted().Matches(row.Split('|')[2]).Select(static match => match.Groups[1].Value)];
            Assert.NotEmpty(names);
            Assert.All(names, static name => Assert.True(Exists(name), $"There is no test '{name}'."));
        });
    }

    private static bool Exists(string name)
    {
        if (name.Split(": ", 2) is [var file, var title])
        {
            string path = Path.Combine(Root, "tests", "Pester", file);
            return File.Exists(path) && File.ReadAllText(path).Contains($"It '{title.Replace("'", "''", StringComparison.Ordinal)}'", StringComparison.Ordinal);
        }

        string[] parts = name.Split('.');
        return parts.Length == 2 && Assembly.GetExecutingAssembly().GetTypes().Any(type => type.Name == parts[0] && type.GetMethod(parts[1])?.GetCustomAttribute<FactAttribute>() is not null);
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
