using ResizeLora.Pester.Host.Reporting;
using Xunit;

namespace ResizeLora.Pester.Host;

/// <summary>The module as its users drive it: each It of tests/Pester is one result.</summary>
[TestCaseOrderer("ResizeLora.Pester.Host.Reporting.FileOrderer", "ResizeLora.Pester.Host")]
public sealed class PesterTests
{
    /// <summary>Stands for the tests of the files; what runs is in them.</summary>
    [PesterFiles("tests/Pester")]
    public void Tests()
    {
        // Discovery replaces this method by the tests that it stands for.
    }
}
