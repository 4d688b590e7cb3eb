namespace ResizeLora.Compute;

/// <summary>The device asked for, or the native library, cannot be used.</summary>
public sealed class DeviceException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="defect">A stable word for the defect, the end of the error id.</param>
    /// <param name="message">What is wrong, in a sentence.</param>
    /// <param name="innerException">The cause, or null.</param>
    public DeviceException(string defect, string message, Exception? innerException = null)
        : base("Device", defect, message, null, innerException) { }
}
