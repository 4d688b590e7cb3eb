namespace ResizeLora.Adapters;

/// <summary>A file of a kind that is refused on purpose.</summary>
public sealed class UnsupportedFileException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="message">Why it is refused, and what to do.</param>
    public UnsupportedFileException(string path, string message)
        : base(message, path)
    {
    }

    /// <inheritdoc/>
    public override string ErrorId => "FileUnsupported";
}
