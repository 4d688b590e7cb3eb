using System.Management.Automation;
using System.Management.Automation.Internal;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>A stand-in that works on the objects of the pipeline.</summary>
internal abstract class ObjectCommand : StandInCommand
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; } = AutomationNull.Value;

    /// <summary>Whether this record brought an object.</summary>
    protected bool HasInput => InputObject is not null && InputObject != AutomationNull.Value;
}
