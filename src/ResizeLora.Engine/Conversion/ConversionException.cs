namespace ResizeLora.Conversion;

/// <summary>A LoRA cannot be converted as asked.</summary>
public sealed class ConversionException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="defect">A stable word for the case, the end of the error id.</param>
    /// <param name="detail">What is wrong, to follow the file's name.</param>
    public ConversionException(string path, string defect, string detail)
        : base("Conversion", defect, $"'{path}' {detail}", path) { }
}
