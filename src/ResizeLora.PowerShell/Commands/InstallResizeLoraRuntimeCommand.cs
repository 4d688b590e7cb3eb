using System.Management.Automation;
using ResizeLora.Compute;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Runtime;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Brings libtorch, with which ResizeLora computes, to this machine, once for a user.</para>
/// <para type="description">
/// libtorch is too large for the module. This command fetches it as the NuGet packages that the module was built for, through the sources,
/// credentials and proxy of this machine's NuGet configuration, and checks each against the hash that the module carries. What was fetched
/// before a break is kept, and the same line again goes on from there. It is installed whole or not at all, for this user, beside other
/// versions. An installed one is left as it is. Where both kinds are installed, ResizeLora loads the one for CUDA.
/// </para>
/// <para type="description">
/// The environment variable RESIZELORA_RUNTIME names a folder of libtorch that is loaded instead.
/// </para>
/// </summary>
/// <example>
/// <code>Install-ResizeLoraRuntime</code>
/// <para>libtorch for the processor.</para>
/// </example>
[Cmdlet(
    VerbsLifecycle.Install,
    "ResizeLoraRuntime",
    SupportsShouldProcess = true,
    HelpUri = OnlineHelp.Pages + "Install-ResizeLoraRuntime.md"
)]
[OutputType(typeof(TorchRuntime))]
public sealed class InstallResizeLoraRuntimeCommand : EngineCommand
{
    private readonly FetchProgress progress = new();

    /// <summary>
    /// <para type="description">
    /// Cpu, or Cuda for NVIDIA's graphics cards (Windows and Linux on x64; the packages are several gigabytes).
    /// </para>
    /// </summary>
    [Parameter(Position = 0)]
    public TorchKind Torch { get; set; } = TorchKind.Cpu;

    /// <summary>
    /// <para type="description">
    /// Where the packages are: a folder, the address of a feed, or the name of a source of NuGet's configuration. Without it, all sources
    /// of the configuration.
    /// </para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary>
    /// <para type="description">Installs again what is installed, to repair it.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        RuntimeInstaller installer = Require(Torch, () => new RuntimeInstaller(Torch, ResolveSource()));
        if (!Force && installer.FindInstalled() is { } installed)
        {
            WriteVerbose($"{installed} is installed. -Force installs it again.");
            WriteObject(installed);
            return;
        }

        RuntimePlan plan = installer.Plan();
        if (ShouldProcess(plan.Path, plan.ToString()))
        {
            WriteObject(Require(plan.Path, () => Install(installer)));
            WarnOfOthers(plan.Path);
        }
    }

    /// <inheritdoc/>
    protected override void ReportProgress(EngineProgress latest) => progress.Report(this, latest);

    /// <inheritdoc/>
    protected override void CompleteProgress() => progress.Complete(this);

    private TorchRuntime Install(RuntimeInstaller installer)
    {
        try
        {
            return Run(installer.Install);
        }
        finally
        {
            CompleteProgress();
        }
    }

    // What is neither an address nor a folder may be the name of a source.
    private string? ResolveSource()
    {
        if (Source is null || (Uri.TryCreate(Source, UriKind.Absolute, out Uri? address) && !address.IsFile))
        {
            return Source;
        }

        string path = FilePaths.ResolveLiteral(this, Source);
        return Directory.Exists(path) ? path : Source;
    }

    private void WarnOfOthers(string path)
    {
        if (RuntimeFolders.TryFindTorch() is { } loaded && loaded != path)
        {
            WriteWarning($"The libtorch in '{loaded}' comes before the installed one and is loaded instead.");
        }
    }
}
