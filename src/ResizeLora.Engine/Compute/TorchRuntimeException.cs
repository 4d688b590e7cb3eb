namespace ResizeLora.Compute;

/// <summary>libtorch, which computes, is not on this machine, or cannot be brought to it.</summary>
public sealed class TorchRuntimeException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="defect">A stable word for the defect, the end of the error id.</param>
    /// <param name="message">What is wrong, in a sentence.</param>
    /// <param name="path">The file or folder that it concerns, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    public TorchRuntimeException(string defect, string message, string? path = null, Exception? innerException = null)
        : base("Runtime", defect, message, path, innerException) { }

    /// <summary>The case of a machine without libtorch.</summary>
    internal static TorchRuntimeException Missing() =>
        new("Missing", $"libtorch {RuntimeFolders.Version}, which computes, is missing on this machine ({RuntimeFolders.Platform}).");
}
