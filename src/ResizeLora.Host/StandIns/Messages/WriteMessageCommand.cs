using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Messages;

/// <summary>The one parameter of the commands that write a message to a stream.</summary>
internal abstract class WriteMessageCommand : StandInCommand
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [AllowEmptyString]
    [Alias("Msg")]
    public string Message { get; set; } = string.Empty;
}
