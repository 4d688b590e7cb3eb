using System.ComponentModel;
using ResizeLora.Pester.Host.Running;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.Reporting;

/// <summary>One It of a file, or a file whose discovery failed.</summary>
public sealed class PesterTestCase : XunitTestCase
{
    /// <summary>The index that stands for a file's discovery in place of a test's.</summary>
    public const int DiscoveryIndex = -1;

    /// <summary>For the framework, which fills in the rest.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Called by the framework.", error: true)]
    public PesterTestCase()
    {
    }

    /// <summary>Creates a test case.</summary>
    /// <param name="diagnostics">Where the framework's own messages go.</param>
    /// <param name="testMethod">The method that stands for it.</param>
    /// <param name="path">The file's full path.</param>
    /// <param name="index">The test's place in the file.</param>
    /// <param name="name">The test's full name in the file.</param>
    /// <param name="tags">The test's tags, to select by.</param>
    public PesterTestCase(IMessageSink diagnostics, ITestMethod testMethod, string path, int index, string name, IReadOnlyList<string> tags)
        : base(diagnostics, TestMethodDisplay.Method, TestMethodDisplayOptions.None, testMethod, [path, index, name])
    {
        if (tags.Count > 0)
        {
            Traits["Tag"] = [.. tags];
        }
    }

    /// <summary>The file.</summary>
    public string FilePath => (string)TestMethodArguments[0];

    /// <summary>The test's place in the file.</summary>
    public int Index => (int)TestMethodArguments[1];

    /// <summary>A full name in the file with the file's before it.</summary>
    /// <param name="name">The name in the file.</param>
    /// <returns>The name that a test runner shows.</returns>
    public string Titled(string name) =>
        $"{Path.GetFileName(FilePath).Replace(".Tests.ps1", string.Empty, StringComparison.OrdinalIgnoreCase)}: {name}";

    /// <inheritdoc/>
    public override Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink,
        IMessageBus messageBus,
        object[] constructorArguments,
        ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource) =>
        new PesterTestCaseRunner(this, PesterFile.Get(FilePath), messageBus, aggregator, cancellationTokenSource).RunAsync();

    /// <inheritdoc/>
    protected override string GetDisplayName(IAttributeInfo factAttribute, string displayName) => Titled((string)TestMethodArguments[2]);
}
