namespace ResizeLora.Files;

/// <summary>A file is not a well-formed GGUF file.</summary>
public sealed class GgufException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="defect">The kind of defect.</param>
    /// <param name="detail">The defect in words, without the file's name.</param>
    /// <param name="innerException">The cause, or null.</param>
    public GgufException(string path, GgufDefect defect, string detail, Exception? innerException = null)
        : base("Gguf", defect.ToString(), $"'{path}' is not a usable GGUF file: {detail}", path, innerException)
    {
        Defect = defect;
    }

    /// <summary>The kind of defect.</summary>
    public new GgufDefect Defect { get; }
}
