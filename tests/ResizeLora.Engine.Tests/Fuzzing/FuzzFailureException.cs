namespace ResizeLora.Tests.Fuzzing;

/// <summary>An input that was made up did something that no input may do; the message holds it.</summary>
internal sealed class FuzzFailureException(string message, Exception? innerException = null) : Exception(message, innerException);
