using ResizeLora.Bench.Workloads;

namespace ResizeLora.Bench.Measuring;

/// <summary>What was measured of one workload; times in seconds, each the median of its runs.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Reference">The reference's time.</param>
/// <param name="Engine">The engine's time.</param>
/// <param name="Floor">The floor's time.</param>
/// <param name="Memory">The engine's memory, where it was measured.</param>
internal sealed record WorkloadFigures(Workload Workload, double Reference, double Engine, double Floor, MemoryPeak? Memory);
