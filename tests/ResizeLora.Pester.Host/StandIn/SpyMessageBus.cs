using Xunit.Abstractions;
using Xunit.Sdk;

namespace ResizeLora.Pester.Host.StandIn;

/// <summary>Keeps what test cases report.</summary>
public sealed class SpyMessageBus : IMessageBus
{
    /// <summary>The messages, in order.</summary>
    public IList<IMessageSinkMessage> Messages { get; } = [];

    /// <inheritdoc/>
    public bool QueueMessage(IMessageSinkMessage message)
    {
        Messages.Add(message);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // There is nothing to give back.
    }
}
