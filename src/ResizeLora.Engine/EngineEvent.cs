namespace ResizeLora;

/// <summary>What the engine tells its caller while it works: the only way it speaks, since it writes to no console.</summary>
public abstract record EngineEvent;
