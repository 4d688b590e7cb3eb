using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.PowerShell.Hosting;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">
/// Says what LoRA files are: family, base model, layers, ranks, alphas, trained words, and whether they were resized before.
/// </para>
/// <para type="description">
/// Reads headers only, and a few bytes for the alphas; no checkpoint and no libtorch. Takes adapters of every family and trainer, also
/// those that Resize-Lora only copies. Writes one object a file as soon as it is read. Files that are no adapters are left alone, with
/// one warning at the end.
/// </para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "LoraInfo", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Get-LoraInfo.md")]
[OutputType(typeof(LoraInfo))]
public sealed class GetLoraInfoCommand : FileCommand
{
    /// <inheritdoc/>
    protected override string Activity => "Reading LoRA files";

    /// <inheritdoc/>
    internal override void ProcessFile(InputFile file, string place)
    {
        LoraInfo? info = LoraInfoReader.TryRead(file.Path, out SkipReason? reason);
        if (info is null)
        {
            Skip(file, reason!.Text);
            return;
        }

        WriteObject(info);
    }
}
