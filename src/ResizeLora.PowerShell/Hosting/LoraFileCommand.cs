using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The base of cmdlets that work on LoRA files, or merges of them, against a base model.</summary>
public abstract class LoraFileCommand : FileOrMergeCommand
{
    private ResizeSession? session;

    /// <summary>
    /// <para type="description">
    /// The base model: a safetensors or GGUF file, a folder of diffusers or transformers, or an index of shards. Files that hold different
    /// parts of one model, such as its text encoders, are one base model. Several base models may be given: each LoRA takes the one that
    /// it belongs to. Recipes with spn_ckpt, fro_ckpt or subspace need it.
    /// </para>
    /// </summary>
    [Parameter]
    [Alias("Base")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[]? Checkpoint { get; set; }

    /// <summary>
    /// <para type="description">
    /// Where to compute: auto (the processor, until a card has been measured to be faster), cpu, cuda, or cuda:N.
    /// </para>
    /// </summary>
    [Parameter]
    [ValidateDevice]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = "auto";

    /// <summary>
    /// <para type="description">
    /// Takes whole differences of weights (diff, as LyCORIS' full training and extractors write them) for layers, those of two dimensions
    /// and more: they become low-rank layers by the same recipe. Without it they are copied as they are. Biases, norms and other vectors,
    /// such as [1, 6, 1536], always are.
    /// </para>
    /// </summary>
    [Parameter]
    public SwitchParameter IncludeDifference { get; set; }

    /// <summary>Whether files that were resized before are worked on too.</summary>
    protected virtual bool TakesResizedFiles => true;

    /// <summary>The session: device and base model.</summary>
    internal ResizeSession Session => session ?? throw new InvalidOperationException("The session is opened in BeginProcessing.");

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        string[] checkpoints = [.. (Checkpoint ?? []).Select(path => FilePaths.ResolveLiteral(this, path)).Distinct()];
        session = Require(Checkpoint, () => OpenSession(checkpoints));
        if (Device.Contains("cuda", StringComparison.OrdinalIgnoreCase))
        {
            // Asked for by name, a device that is absent ends the command before anything is read.
            Require(Device, () => session.Device);
        }
    }

    /// <summary>Opens a session with this command's device.</summary>
    /// <param name="checkpoints">The full paths of base models.</param>
    internal ResizeSession OpenSession(IReadOnlyList<string> checkpoints) => new(Device, checkpoints, NormCache.ForUser());

    /// <summary>Why a LoRA that was found in a folder is left alone, as a clause to follow its name; null where it is not.</summary>
    /// <param name="adapter">The file, which stays the caller's.</param>
    protected virtual string? ReasonToSkip(Adapter adapter) => null;

    /// <inheritdoc/>
    internal override void ProcessFile(InputFile file, string place)
    {
        if (Session.Checkpoints.SelectMany(static checkpoint => checkpoint.FilePaths).Any(path => OutputGuard.AreSame(path, file.Path)))
        {
            // In a folder of both it is no surprise.
            if (file.IsNamed)
            {
                Skip(file, "is the base model itself");
            }

            WriteVerbose($"'{file.Path}' is the base model itself and is left alone.");
            return;
        }

        // Every line that is written may end the command: the file is closed then too.
        using Adapter? adapter = LoraFileOpener.TryOpen(
            file.Path,
            new LoraFileOptions(TakesResizedFiles, IncludeDifference, Session.Checkpoints.Count > 0),
            out SkipReason? reason
        );
        if (adapter is null)
        {
            Skip(file, reason!.Text + AdviceFor(reason));
            return;
        }

        // Some layers take part only where their base model is joined.
        if (Session.BaseFor(adapter) is null && adapter.Layers.Count == 0)
        {
            Skip(file, "holds layers that can be resized over their base model alone, and none of those given is theirs");
            return;
        }

        // In a folder of many families it is no surprise; a file that was named is meant.
        if (!file.IsNamed && ReasonToSkip(adapter) is { } mismatch)
        {
            WriteWarning($"'{file.Path}' {mismatch}; it is left alone.");
            return;
        }

        var clock = Stopwatch.StartNew();
        WriteVerbose(
            FormattableString.Invariant($"'{file.Path}', {place}: {adapter.Layers.Count} layers, {adapter.File.Length:N0} bytes.")
        );
        if (adapter.DescribeAssumedScales() is { } assumed)
        {
            WriteVerbose(assumed);
        }

        Process(adapter);
        WriteVerbose(FormattableString.Invariant($"'{file.Path}', {place}: done in {clock.Elapsed.TotalSeconds:0.00} s."));
    }

    private static string AdviceFor(SkipReason reason) =>
        reason.WasResized ? "; -Force resizes it again"
        : reason.Case == SkipReason.NeedsBase ? "; -Checkpoint names that"
        : reason.Case == SkipReason.HoldsDifferences ? "; -IncludeDifference turns whole differences into low-rank layers"
        : string.Empty;

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
