namespace ResizeLora.Host.StandIns.Messages;

/// <summary>The exception of an error that was only written as a message.</summary>
internal sealed class WriteErrorException(string message) : Exception(message)
{
    /// <summary>The error's id when none was given, as scripts know it from the real command.</summary>
    public const string ErrorId = "Microsoft.PowerShell.Commands.WriteErrorException";
}
