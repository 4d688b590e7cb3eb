namespace ResizeLora.Pictures;

/// <summary>A picture cannot be drawn on this machine; the numbers still can be written.</summary>
public sealed class PictureException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="defect">A stable word for the defect, the end of the error id.</param>
    /// <param name="message">What is wrong, in a sentence.</param>
    /// <param name="innerException">The cause, or null.</param>
    public PictureException(string defect, string message, Exception? innerException = null)
        : base("Picture", defect, message, null, innerException) { }
}
