using ResizeLora.Pester.Host.Running;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.Reporting;

/// <summary>Makes one test case of each test that Pester's discovery finds, and one of a file whose discovery fails.</summary>
/// <param name="diagnostics">Where the framework's own messages go.</param>
public sealed class PesterDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        ArgumentNullException.ThrowIfNull(factAttribute);
        string folder = Path.Combine(PesterFile.RepositoryRoot, (string)factAttribute.GetConstructorArguments().Single());
        if (!Directory.Exists(folder))
        {
            return [];
        }
        return Directory.EnumerateFiles(folder, "*.Tests.ps1", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .SelectMany(path => Cases(testMethod, path));
    }

    /// <summary>The test cases of one file.</summary>
    /// <param name="testMethod">The method that stands for them.</param>
    /// <param name="path">The file's full path.</param>
    /// <returns>A test case for each test, or one for the file.</returns>
    public IEnumerable<PesterTestCase> Cases(ITestMethod testMethod, string path)
    {
        var file = PesterFile.Get(path);
        if (file.DiscoveryFailure is not null)
        {
            return [new PesterTestCase(diagnostics, testMethod, path, PesterTestCase.DiscoveryIndex, "discovery", [])];
        }
        return file.Tests.Select((test, index) => new PesterTestCase(diagnostics, testMethod, path, index, test.FullName, test.Tags));
    }
}
