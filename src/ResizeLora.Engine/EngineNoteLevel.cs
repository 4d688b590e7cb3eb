namespace ResizeLora;

/// <summary>How much a note matters to the person at the console.</summary>
public enum EngineNoteLevel
{
    /// <summary>Worth reading in a log.</summary>
    Verbose,

    /// <summary>Something that was not done, or not as asked.</summary>
    Warning,
}
