namespace ResizeLora.Comparison;

/// <summary>Which of two compared files hold a layer.</summary>
public enum LayerPresence
{
    /// <summary>Both do.</summary>
    Both,

    /// <summary>Only the reference does: the whole layer is missing.</summary>
    ReferenceOnly,

    /// <summary>Only the other file does: the whole layer is new.</summary>
    OtherOnly,
}
