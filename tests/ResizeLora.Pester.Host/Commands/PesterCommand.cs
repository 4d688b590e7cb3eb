using System.Management.Automation;
using ResizeLora.Pester.Host.Blocks;
using ResizeLora.Pester.Host.Running;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>A word of Pester's language.</summary>
public abstract class PesterCommand : PSCmdlet
{
    /// <summary>The file that is being discovered or run.</summary>
    protected PesterSession Session => (PesterSession)Host.PrivateData.BaseObject;

    /// <summary>The block that the word adds to.</summary>
    /// <exception cref="PSInvalidOperationException">The word stands inside a test or a step, where Pester does not look for it.</exception>
    protected PesterBlock Block => Session.Discovering
        ?? throw new PSInvalidOperationException($"{MyInvocation.InvocationName} must stand in the file or in a block, not in a test or a step.");
}
