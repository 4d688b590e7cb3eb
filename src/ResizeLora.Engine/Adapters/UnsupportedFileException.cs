namespace ResizeLora.Adapters;

/// <summary>A file of a kind that is refused on purpose.</summary>
public sealed class UnsupportedFileException : ResizeLoraException
{
    private static readonly string[] PickleExtensions = [".ckpt", ".pt", ".pth", ".bin"];

    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="message">Why it is refused, and what to do.</param>
    public UnsupportedFileException(string path, string message)
        : base("File", "Unsupported", message, path) { }

    /// <summary>Refuses a pickle by its name, which is all that can be looked at without risk.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UnsupportedFileException">The file's extension is one of PyTorch's pickles.</exception>
    public static void ThrowIfPickle(string path)
    {
        string extension = System.IO.Path.GetExtension(path).ToLowerInvariant();
        if (PickleExtensions.Contains(extension))
        {
            throw new UnsupportedFileException(
                path,
                $"'{path}' is a pickle ({extension}), which can run code when it is read. Convert it to safetensors first, with a tool "
                    + $"that you trust."
            );
        }
    }
}
