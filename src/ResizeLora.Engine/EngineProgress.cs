namespace ResizeLora;

/// <summary>How far one step of the work has come.</summary>
/// <param name="Step">What is being done, such as "Decomposing layers".</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
public sealed record EngineProgress(string Step, long Done, long Total) : EngineEvent;
