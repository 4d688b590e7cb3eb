namespace ResizeLora.Pester.Host.Running;

/// <summary>How a test can end.</summary>
public enum PesterOutcome
{
    /// <summary>Without an error.</summary>
    Passed,

    /// <summary>With at least one error, or not reached.</summary>
    Failed,

    /// <summary>Skipped by the file or by the test itself.</summary>
    Skipped,
}
