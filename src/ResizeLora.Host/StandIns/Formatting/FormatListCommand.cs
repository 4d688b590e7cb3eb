using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;
using ResizeLora.Host.Engine;

namespace ResizeLora.Host.StandIns.Formatting;

/// <summary>Shows objects as lists of their properties; the parameters and the work are the engine's own.</summary>
[Cmdlet(VerbsCommon.Format, "List")]
internal sealed class FormatListCommand : OuterFormatTableAndListBase
{
    public FormatListCommand()
    {
        EngineInternals.UseShape(this, "List");
    }
}
