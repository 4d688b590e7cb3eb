namespace ResizeLora.Files;

/// <summary>A file is not a well-formed safetensors file.</summary>
public sealed class SafetensorsException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="defect">The kind of defect.</param>
    /// <param name="detail">The defect in words, without the file's name.</param>
    /// <param name="innerException">The cause, or null.</param>
    public SafetensorsException(string path, SafetensorsDefect defect, string detail, Exception? innerException = null)
        : base("Safetensors", defect.ToString(), $"'{path}' is not a usable safetensors file: {detail}", path, innerException)
    {
        Defect = defect;
    }

    /// <summary>The kind of defect.</summary>
    public new SafetensorsDefect Defect { get; }
}
