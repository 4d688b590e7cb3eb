namespace ResizeLora.Pester.Host.Blocks;

/// <summary>The steps that a block can have around its tests.</summary>
public enum StepKind
{
    /// <summary>Once, before the first test.</summary>
    BeforeAll,

    /// <summary>Before each test, in the test's scope.</summary>
    BeforeEach,

    /// <summary>After each test, in the test's scope.</summary>
    AfterEach,

    /// <summary>Once, after the last test.</summary>
    AfterAll,
}
