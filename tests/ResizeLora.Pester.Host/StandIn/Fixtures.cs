using ResizeLora.Pester.Host.Blocks;
using ResizeLora.Pester.Host.Running;

namespace ResizeLora.Pester.Host.StandIn;

/// <summary>Test files of known outcome, by which the stand-in is judged. They pass the same judgement under Pester 5 and 6.</summary>
public static class Fixtures
{
    /// <summary>The full path of a fixture.</summary>
    /// <param name="name">Its name, without the extension.</param>
    /// <returns>The path.</returns>
    public static string Path(string name) =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(AppContext.BaseDirectory, "StandIn", "Fixtures", $"{name}.Fixture.ps1"));

    /// <summary>A fixture that was run.</summary>
    /// <param name="name">Its name, without the extension.</param>
    /// <returns>The file with all results.</returns>
    public static PesterFile Run(string name)
    {
        var file = PesterFile.Get(Path(name));
        file.EnsureRun();
        return file;
    }

    /// <summary>One test of a fixture that was run.</summary>
    /// <param name="name">The fixture's name.</param>
    /// <param name="test">The test's full name.</param>
    /// <returns>The test.</returns>
    public static PesterTest Test(string name, string test) => Run(name).Tests.Single(candidate => candidate.FullName == test);
}
