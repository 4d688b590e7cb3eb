namespace ResizeLora.Adapters;

/// <summary>LoRA files cannot be merged.</summary>
public sealed class MergeException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="defect">A stable word for the reason, the end of the error id.</param>
    /// <param name="message">The reason, in a sentence that names file and layer where there are any.</param>
    /// <param name="path">The file that it concerns, or null.</param>
    public MergeException(string defect, string message, string? path = null)
        : base("Merge", defect, message, path) { }
}
