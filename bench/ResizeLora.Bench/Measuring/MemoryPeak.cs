namespace ResizeLora.Bench.Measuring;

/// <summary>The most memory that a workload held at once, in bytes.</summary>
/// <param name="Resident">VmHWM: everything resident, mapped libraries included.</param>
/// <param name="Anonymous">The largest RssAnon that was sampled: what the process asked for itself.</param>
/// <param name="Mapped">The largest RssFile that was sampled: libtorch, for the most part.</param>
internal sealed record MemoryPeak(long Resident, long Anonymous, long Mapped);
