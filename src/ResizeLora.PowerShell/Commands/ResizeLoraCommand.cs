using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Resizing;
using ResizeLora.Safetensors;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Writes smaller LoRA files that keep the singular values which matter.</para>
/// <para type="description">For each file and recipe one output, whole or not at all, beside the input or in another folder; existing files are never replaced without -Force. Takes files, or layers of Get-LoraSpectrum, which are gathered by their file; a layer that was filtered out is left out of the output.</para>
/// </summary>
[Cmdlet(
    "Resize", "Lora",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low,
    HelpUri = OnlineHelp.Pages + "Resize-Lora.md")]
[OutputType(typeof(ResizeResult))]
public sealed class ResizeLoraCommand : RecipeCommand
{
    private OutputPlacement? placement;

    /// <summary>
    /// <para type="description">The folder of the outputs, made when it does not exist; by default each goes beside its input.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>
    /// <para type="description">Replaces existing outputs, and resizes files that were resized before.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// <para type="description">Leaves out outputs that exist, without reading the input where all of its outputs do.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipExisting { get; set; }

    /// <inheritdoc/>
    protected override string Activity => "Resizing LoRA files";

    /// <inheritdoc/>
    protected override bool TakesResizedFiles => Force;

    private OutputPlacement Placement => placement ??= new OutputPlacement(Recipe, OutputDirectory is null ? null : FilePaths.ResolveLiteral(this, OutputDirectory));

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Force && SkipExisting)
        {
            var exception = new PSArgumentException("-Force replaces existing outputs and -SkipExisting leaves them as they are: give one of the two.");
            ThrowTerminatingError(new ErrorRecord(exception, "ForceWithSkipExisting", ErrorCategory.InvalidArgument, null));
        }

        base.BeginProcessing();
    }

    /// <inheritdoc/>
    internal override void Apply(LayerSource source)
    {
        // Asked before anything is decomposed: a refusal, or a folder that is done, costs nothing.
        int[] due = [.. Enumerable.Range(0, Recipe.Length).Where(index => IsDue(source.Path, index) && (!AsksUser || IsConfirmed(source.Path, index)))];
        if (due.Length == 0)
        {
            return;
        }

        var clock = Stopwatch.StartNew();
        using ResizeJob job = source.OpenJob();
        foreach (int index in due)
        {
            Attempt(source.Path, () => ResizeOne(job, index, clock));
            clock.Restart();
        }
    }

    // A user who answers "No to All" should not wait for decompositions: where somebody is asked, it is before them, without the
    // exact size. -WhatIf and -Verbose say the size.
    private bool AsksUser => MyInvocation.BoundParameters.TryGetValue("Confirm", out object? given)
        ? LanguagePrimitives.IsTrue(given)
        : SessionState.PSVariable.GetValue("ConfirmPreference") is ConfirmImpact.Low;

    private bool IsConfirmed(string source, int index)
    {
        string? existing = Force ? Placement.FindExisting(source, index) : null;
        string action = existing is null ? $"Resize by recipe {Recipe[index]}" : $"Resize by recipe {Recipe[index]}, replacing '{existing}'";
        return ShouldProcess(source, action);
    }

    private bool IsDue(string source, int index)
    {
        if (Force || Placement.FindExisting(source, index) is not { } existing)
        {
            return true;
        }

        if (SkipExisting)
        {
            WriteVerbose($"'{existing}' exists; '{source}' is not resized again.");
            return false;
        }

        // At a size recipe the name is known only when the threshold is; an output of other threshold stays beside the new one.
        if (Recipe[index].SizeMiB is not null)
        {
            return true;
        }

        WriteError(EngineError.Create(OutputException.Exists(existing), source));
        return false;
    }

    private void ResizeOne(ResizeJob job, int index, Stopwatch clock)
    {
        ResizePlan plan = Plan(job, Recipe[index]);
        string path = Placement.Place(job.SourcePath, index, plan.Threshold, Force);
        string verb = File.Exists(path) ? "Replace the existing file with" : "Write";
        string size = FormattableString.Invariant($"{plan.Length:N0} bytes, total rank {plan.OldRank} -> {plan.NewRank}");
        if (!AsksUser && !ShouldProcess(path, $"{verb} {size}, by recipe {plan.Recipe}"))
        {
            return;
        }

        Run((channel, token) =>
        {
            Placement.Prepare(path, channel);
            job.Write(plan, path, Force, channel, token);
            return true;
        });
        string time = FormattableString.Invariant($"took {clock.Elapsed.TotalSeconds:0.00} s");
        WriteVerbose(FormattableString.Invariant($"'{path}' was written: {plan.Length:N0} bytes; planning and writing, after decomposing for the first recipe, {time}."));
        WriteObject(new ResizeResult(plan, path, job.SourceLength, clock.Elapsed));
    }
}
