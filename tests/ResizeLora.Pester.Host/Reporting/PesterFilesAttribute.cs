using Xunit;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.Reporting;

/// <summary>Stands for every test of every <c>*.Tests.ps1</c> in a folder.</summary>
/// <param name="folder">The folder, relative to the repository's root.</param>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("ResizeLora.Pester.Host.Reporting.PesterDiscoverer", "ResizeLora.Pester.Host")]
public sealed class PesterFilesAttribute(string folder) : FactAttribute
{
    /// <summary>The folder, relative to the repository's root.</summary>
    public string Folder { get; } = folder;
}
