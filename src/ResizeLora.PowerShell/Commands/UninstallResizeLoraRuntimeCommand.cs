using System.Management.Automation;
using ResizeLora.Compute;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Runtime;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Removes what Install-ResizeLoraRuntime brought to this machine.</para>
/// <para type="description">
/// Removes the libtorch that this version of the module uses, of one kind or both, and packages that were fetched and not installed.
/// On Windows a session that has computed holds files of libtorch open; this command in a new session removes them.
/// </para>
/// </summary>
[Cmdlet(
    VerbsLifecycle.Uninstall,
    "ResizeLoraRuntime",
    SupportsShouldProcess = true,
    HelpUri = OnlineHelp.Pages + "Uninstall-ResizeLoraRuntime.md"
)]
[OutputType(typeof(void))]
public sealed class UninstallResizeLoraRuntimeCommand : EngineCommand
{
    /// <summary>
    /// <para type="description">Only this kind: Cpu or Cuda.</para>
    /// </summary>
    [Parameter(Position = 0)]
    public TorchKind? Torch { get; set; }

    /// <summary>
    /// <para type="description">Those of other versions of the module too.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter AllVersions { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        TorchRuntime[] chosen =
        [
            .. RuntimeStore
                .Installed()
                .Where(runtime => (AllVersions || runtime.Version == RuntimeFolders.Version) && (Torch ?? runtime.Torch) == runtime.Torch),
        ];
        if (chosen.Length == 0)
        {
            WriteVerbose($"There is nothing to remove in '{RuntimeFolders.UserRoot}'.");
            if (RuntimeStore.HasLeftovers && ShouldProcess(RuntimeFolders.UserRoot, "Remove what earlier removals left"))
            {
                Attempt(RuntimeFolders.UserRoot, RuntimeStore.RemoveLeftovers);
            }
        }

        foreach (TorchRuntime runtime in chosen)
        {
            if (ShouldProcess(runtime.Path, $"Remove libtorch {runtime.Version} ({runtime.Torch}), {ByteText.Of(runtime.Length)}"))
            {
                Attempt(runtime, () => Remove(runtime));
            }
        }
    }

    private void Remove(TorchRuntime runtime)
    {
        if (!RuntimeStore.Remove(runtime))
        {
            WriteWarning(
                $"Files of libtorch {runtime.Version} ({runtime.Torch}) are in use and are left in '{RuntimeFolders.UserRoot}'. "
                    + "Uninstall-ResizeLoraRuntime in a new session removes them."
            );
        }
    }
}
