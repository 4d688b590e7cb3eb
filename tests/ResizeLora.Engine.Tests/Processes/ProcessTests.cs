namespace ResizeLora.Tests.Processes;

/// <summary>Tests that start processes come one after another: they measure time and memory.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessTests
{
    public const string Name = "Processes";
}
