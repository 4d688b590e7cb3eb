using ResizeLora.Bench.Generation;

namespace ResizeLora.Bench.Workloads;

/// <summary>One line of the table.</summary>
/// <param name="Id">Its short name, such as <c>W4</c>; several lines may share one.</param>
/// <param name="Title">What is done.</param>
/// <param name="Files">The files that it needs.</param>
/// <param name="Prepare">What comes before each run and is not timed.</param>
/// <param name="Run">What is timed.</param>
/// <param name="Floor">The least that the same work can cost.</param>
internal sealed record Workload(
    string Id,
    string Title,
    IReadOnlyList<FileSet> Files,
    Action<IBenchProgram> Prepare,
    Action<IBenchProgram> Run,
    Action Floor
)
{
    /// <summary>What tells it from all others.</summary>
    public string Key => $"{Id} {Title}";

    /// <summary>
    /// The reference's time in seconds, extrapolated from one layer of each shape; null where the reference does the whole work.
    /// </summary>
    public Func<double>? Estimate { get; init; }

    /// <summary>How many files it resizes, where the time of each matters.</summary>
    public int FileCount { get; init; } = 1;

    /// <summary>The key of a workload that is to take nearly as long, or null.</summary>
    public string? ComparedWith { get; init; }
}
