using Xunit.Abstractions;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.Reporting;

/// <summary>Reports tests in the order of the files, in which they ran.</summary>
public sealed class FileOrderer : ITestCaseOrderer
{
    /// <inheritdoc/>
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase =>
        testCases.OrderBy(testCase => (testCase as PesterTestCase)?.FilePath, StringComparer.Ordinal)
            .ThenBy(testCase => (testCase as PesterTestCase)?.Index);
}
