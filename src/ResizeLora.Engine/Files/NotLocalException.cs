namespace ResizeLora.Files;

/// <summary>A file is listed by the system, but its content is with a cloud service or in an archive.</summary>
public sealed class NotLocalException : ResizeLoraException
{
    /// <summary>Why such a file is left alone, as a clause to follow its name.</summary>
    public const string Reason = "is not on this machine, only its name is";

    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    public NotLocalException(string path)
        : base(
            "File",
            "NotLocal",
            $"'{path}' {Reason}; it is not fetched unasked. Mark it with \"Always keep on this device\" in the Explorer, or open it there, "
                + "and start again when it has come.",
            path
        )
    { }
}
