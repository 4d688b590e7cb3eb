namespace ResizeLora;

/// <summary>A sentence about the work.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Text">The sentence.</param>
public sealed record EngineNote(EngineNoteLevel Level, string Text) : EngineEvent
{
    /// <summary>The sentence, fit to be shown.</summary>
    public string Text { get; } = DisplayText.Of(Text);
}
