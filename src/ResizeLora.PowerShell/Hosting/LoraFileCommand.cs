using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The base of cmdlets that work on LoRA files, or merges of them, against a base model.</summary>
public abstract class LoraFileCommand : FileCommand
{
    /// <summary>The parameter set of <see cref="Merge"/>.</summary>
    protected const string MergeSet = "Merge";

    private ResizeSession? session;
    private int mergeCount;

    /// <summary>
    /// <para type="description">
    /// Merges of Merge-Lora, each worked on as if it were one file. A merge that was stored, or came from a job, is made again from its
    /// files.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = MergeSet)]
    [MergeTransformation]
    public MergedLora[] Merge { get; set; } = [];

    /// <summary>
    /// <para type="description">
    /// The base model: an SDXL checkpoint in Stability's layout. Needed by recipes that use spn_ckpt, fro_ckpt or subspace.
    /// </para>
    /// </summary>
    [Parameter]
    [Alias("Base")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string? Checkpoint { get; set; }

    /// <summary>
    /// <para type="description">Where to compute: auto (CUDA where there is one), cpu, cuda, or cuda:N.</para>
    /// </summary>
    [Parameter]
    [ValidateDevice]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = "auto";

    /// <summary>Whether files that were resized before are worked on too.</summary>
    protected virtual bool TakesResizedFiles => true;

    /// <summary>The session: device and base model.</summary>
    internal ResizeSession Session => session ?? throw new InvalidOperationException("The session is opened in BeginProcessing.");

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        string? checkpoint = Checkpoint is null ? null : FilePaths.ResolveLiteral(this, Checkpoint);
        session = Require(Checkpoint, () => OpenSession(checkpoint));
        if (Device.Contains("cuda", StringComparison.OrdinalIgnoreCase))
        {
            // Asked for by name, a device that is absent ends the command before anything is read.
            Require(Device, () => session.Device);
        }
    }

    /// <summary>Opens a session with this command's device.</summary>
    /// <param name="checkpoint">The full path of the base model, or null.</param>
    internal ResizeSession OpenSession(string? checkpoint) => new(Device, checkpoint, NormCache.ForUser());

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        foreach (MergedLora merge in ParameterSetName == MergeSet ? Merge : [])
        {
            StartItem(Activity, merge.Name, mergeCount++, count: null);
            Attempt(merge, () => Process(merge.Open()));
        }
    }

    /// <summary>Works on one open LoRA file, which the callee disposes of.</summary>
    /// <param name="adapter">The file.</param>
    protected abstract void Process(Adapter adapter);

    /// <inheritdoc/>
    internal override void ProcessFile(InputFile file, string place)
    {
        if (Session.Checkpoint is { } checkpoint && OutputGuard.AreSame(checkpoint.Path, file.Path))
        {
            // In a folder of both it is no surprise.
            if (file.IsNamed)
            {
                Skip(file, "is the base model itself");
            }

            WriteVerbose($"'{file.Path}' is the base model itself and is left alone.");
            return;
        }

        Adapter? adapter = LoraFileOpener.TryOpen(file.Path, TakesResizedFiles, out SkipReason? reason);
        if (adapter is null)
        {
            Skip(file, reason!.WasResized ? $"{reason.Text}; -Force resizes it again" : reason.Text);
            return;
        }

        var clock = Stopwatch.StartNew();
        WriteVerbose(
            FormattableString.Invariant($"'{file.Path}', {place}: {adapter.Layers.Count} layers, {adapter.File.Length:N0} bytes.")
        );
        Process(adapter);
        WriteVerbose(FormattableString.Invariant($"'{file.Path}', {place}: done in {clock.Elapsed.TotalSeconds:0.00} s."));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            session?.Dispose();
        }

        base.Dispose(disposing);
    }
}
