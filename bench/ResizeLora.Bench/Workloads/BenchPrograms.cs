using ResizeLora.Bench.Generation;

namespace ResizeLora.Bench.Workloads;

/// <summary>Both sides, and the floor under them.</summary>
/// <param name="files">The files that they work on.</param>
/// <param name="outputFolder">Where outputs and norms are kept.</param>
/// <param name="device">Where the engine computes.</param>
internal sealed class BenchPrograms(BenchFiles files, string outputFolder, string device)
{
    /// <summary>The reference.</summary>
    public ReferenceProgram Reference { get; } = new(files, outputFolder);

    /// <summary>The engine.</summary>
    public EngineProgram Engine { get; } = new(files, outputFolder, device);

    /// <summary>The floor.</summary>
    public FloorProgram Floor { get; } = new(files);
}
