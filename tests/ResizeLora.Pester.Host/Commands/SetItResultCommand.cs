using System.Management.Automation;
using ResizeLora.Pester.Host.Assertions;
using ResizeLora.Pester.Host.Running;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>Set-ItResult: a test that says itself that it is skipped. The results that Pester 5 and 6 do not share are not known.</summary>
[Cmdlet(VerbsCommon.Set, "ItResult")]
public sealed class SetItResultCommand : PesterCommand
{
    /// <summary>Ends the test as skipped.</summary>
    [Parameter]
    public SwitchParameter Skipped { get; set; }

    /// <summary>Why.</summary>
    [Parameter]
    public string? Because { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!Skipped)
        {
            throw new PSArgumentException("Set-ItResult knows only -Skipped here.", nameof(Skipped));
        }
        throw new PesterException(PesterException.SkippedId, string.IsNullOrEmpty(Because) ? "is skipped" : $"is skipped,{ValueText.OfReason(Because).TrimEnd(',')}");
    }
}
