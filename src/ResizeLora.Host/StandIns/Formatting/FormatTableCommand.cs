using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;
using ResizeLora.Host.Engine;

namespace ResizeLora.Host.StandIns.Formatting;

/// <summary>Shows objects as a table; the parameters and the work are the engine's own.</summary>
[Cmdlet(VerbsCommon.Format, "Table")]
internal sealed class FormatTableCommand : OuterFormatTableBase
{
    public FormatTableCommand()
    {
        EngineInternals.UseShape(this, "Table");
    }
}
