namespace ResizeLora;

/// <summary>
/// The base of every failure that the engine reports on purpose: the message is meant for the person at the console and
/// names the file. Anything else that escapes is a defect.
/// </summary>
public abstract class ResizeLoraException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, in a sentence that names the file where there is one.</param>
    /// <param name="path">The file that it concerns, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    protected ResizeLoraException(string message, string? path = null, Exception? innerException = null)
        : base(DisplayText.Of(message), innerException)
    {
        Path = path;
    }

    /// <summary>The file that the failure concerns, or null when it concerns none.</summary>
    public string? Path { get; }

    /// <summary>A stable name for the failure, the first part of the error id that PowerShell shows.</summary>
    public abstract string ErrorId { get; }
}
