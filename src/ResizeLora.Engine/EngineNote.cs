namespace ResizeLora;

/// <summary>A sentence about the work.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Text">The sentence.</param>
public sealed record EngineNote(EngineNoteLevel Level, string Text) : EngineEvent
{
    /// <summary>The case of layers that the output's type cannot hold exactly enough.</summary>
    public const string Inexact = "LayerInexact";

    /// <summary>The case of layers whose scale was rounded when it went into a factor.</summary>
    public const string RoundedScale = "LayerScaleRounded";

    /// <summary>The case of whole differences that could be layers, and were not asked for.</summary>
    public const string Differences = "DifferencesKept";

    /// <summary>The case of layers that can be resized over a base model alone, where there is none.</summary>
    public const string NeedsBase = "BaseNeeded";

    /// <summary>The sentence, fit to be shown.</summary>
    public string Text { get; } = DisplayText.Of(Text);

    /// <summary>A stable name of what it is about, by which the caller adds its advice; null for most.</summary>
    public string? Case { get; init; }
}
