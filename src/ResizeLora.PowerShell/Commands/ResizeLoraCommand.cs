using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Writes smaller LoRA files that keep the singular values which matter.</para>
/// <para type="description">
/// For each file and recipe one output, whole or not at all, beside the input or in another folder; existing files are never replaced
/// without -Force. Takes files, or layers of Get-LoraSpectrum, which are gathered by their file; a layer that was filtered out is left
/// out of the output.
/// </para>
/// </summary>
[Cmdlet(
    "Resize",
    "Lora",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Low,
    HelpUri = OnlineHelp.Pages + "Resize-Lora.md"
)]
[OutputType(typeof(ResizeResult))]
public sealed class ResizeLoraCommand : RecipeCommand
{
    private const string MeasurementSet = "Measurement";

    private OutputPlacement? placement;
    private ResizeRequest? request;

    /// <summary>
    /// <para type="description">
    /// Measurements of Measure-LoraResize: each is written as it was measured, by its recipe, in its type, against its base model.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = MeasurementSet)]
    [MeasurementTransformation]
    public ResizeRequest[] Measurement { get; set; } = [];

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

    /// <inheritdoc/>
    protected override bool BringsBaseNorms => base.BringsBaseNorms || ParameterSetName == MeasurementSet;

    /// <inheritdoc/>
    protected override IReadOnlyList<ResizeRecipe> Recipes => request is null || IsGiven(nameof(Recipe)) ? Recipe : [request.Recipe];

    /// <inheritdoc/>
    protected override OutputType WrittenType => request is null || IsGiven(nameof(DType)) ? DType : request.DType;

    /// <inheritdoc/>
    protected override OutputKind WrittenKind => request is null || IsGiven(nameof(OutputKind)) ? OutputKind : request.OutputKind;

    private readonly List<WaitingFile> waiting = [];

    private OutputPlacement Placement =>
        placement ??= new OutputPlacement(OutputDirectory is null ? null : FilePaths.ResolveLiteral(this, OutputDirectory));

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Force && SkipExisting)
        {
            var exception = new PSArgumentException(
                "-Force replaces existing outputs and -SkipExisting leaves them as they are: give one of the two."
            );
            ThrowTerminatingError(new ErrorRecord(exception, "ForceWithSkipExisting", ErrorCategory.InvalidArgument, null));
        }

        base.BeginProcessing();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ResizeRequest measured in ParameterSetName == MeasurementSet ? Measurement : [])
        {
            ResizeWaiting();
            request = measured;
            ApplyTo(measured.Layers);
        }

        base.ProcessRecord();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        ResizeWaiting();
        base.EndProcessing();
        RemoveLeftovers();
    }

    /// <inheritdoc/>
    internal override void ProcessFile(InputFile file, string place)
    {
        Placement.Visit(file.Path);
        base.ProcessFile(file, place);
    }

    /// <inheritdoc/>
    internal override void Apply(LayerSource source)
    {
        // Asked before anything is decomposed: a refusal, or a folder that is done, costs nothing.
        using Adapter adapter = source.OpenFile();
        ResizeRecipe[] due = [.. Recipes.Where(recipe => IsDue(Describe(source, adapter, recipe)))];
        RemoveLeftovers();
        if (due.Length == 0)
        {
            return;
        }

        if (source.Layers is null && due.Any(static recipe => recipe.NeedsSubspace))
        {
            WaitForOthers(source, due);
            return;
        }

        var clock = Stopwatch.StartNew();
        using ResizeJob job = source.OpenJob();
        ResizeAll(job, due, TimeSpan.Zero, clock);
    }

    // The time before the clock is that of the file's first recipe.
    private void ResizeAll(ResizeJob job, ResizeRecipe[] due, TimeSpan before, Stopwatch clock)
    {
        foreach (ResizeRecipe recipe in due)
        {
            Attempt(job.SourcePath, () => ResizeOne(job, recipe, () => before + clock.Elapsed));
            before = TimeSpan.Zero;
            clock.Restart();
        }
    }

    /// <inheritdoc/>
    protected override void BeforeError() => ResizeWaiting();

    // Files whose recipes compare subspaces share the reading of the base model: they are written together, when enough have come.
    private void WaitForOthers(LayerSource source, ResizeRecipe[] due)
    {
        var clock = Stopwatch.StartNew();
        using (ResizeJob job = source.OpenJob())
        {
            if (job.Layers.Count == 0 || !SubspaceComparison.IsWorthSharing(job.Layers))
            {
                ResizeWaiting();
                ResizeAll(job, due, TimeSpan.Zero, clock);
                return;
            }

            waiting.Add(new WaitingFile(job.Layers, due, clock.Elapsed));
        }

        if (waiting.Sum(static file => SubspaceComparison.CountVectors(file.Layers)) >= SubspaceComparison.MostVectors)
        {
            ResizeWaiting();
        }
    }

    private void ResizeWaiting()
    {
        WaitingFile[] files = [.. waiting];
        waiting.Clear();
        if (files.Length == 0)
        {
            return;
        }

        IReadOnlyList<OpenedFile> opened = Run((channel, token) => WaitingFile.OpenTogether(files, Session, channel, token));
        try
        {
            foreach ((WaitingFile file, ResizeJob? job, ExceptionDispatchInfo? failure) in opened)
            {
                if (job is null)
                {
                    Attempt(file.Path, failure!.Throw);
                }
                else
                {
                    ResizeAll(job, file.Due, file.Spent, Stopwatch.StartNew());
                }
            }
        }
        finally
        {
            foreach (OpenedFile file in opened)
            {
                file.Dispose();
            }
        }
    }

    // A user who answers "No to All" should not wait for decompositions: where somebody is asked, it is before them, without the
    // exact size. -WhatIf and -Verbose say the size.
    private bool AsksUser =>
        MyInvocation.BoundParameters.TryGetValue("Confirm", out object? given)
            ? LanguagePrimitives.IsTrue(given)
            : SessionState.PSVariable.GetValue("ConfirmPreference") is ConfirmImpact.Low;

    private bool IsWhatIf =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
            ? LanguagePrimitives.IsTrue(given)
            : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

    private bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private bool IsDue(OutputMaking making)
    {
        string? existing = Placement.FindExisting(making);
        if (existing is null || Force)
        {
            string action = $"Resize by recipe {making.Recipe}{(existing is null ? string.Empty : $", replacing '{existing}'")}";
            return !AsksUser || ShouldProcess(making.SourcePath, action);
        }

        if (SkipExisting)
        {
            WriteVerbose($"'{existing}' exists; '{making.SourcePath}' is not resized again.");
        }
        else
        {
            ErrorRecord error = EngineError.Create(OutputException.Exists(existing), making.SourcePath);
            (error.Exception as OutputException)!.Advise("-Force replaces it, -SkipExisting leaves it.");
            BeforeError();
            WriteError(error);
        }

        return false;
    }

    // Whoever looks into a folder cleans it, also where everything is done. Only -WhatIf changes nothing.
    private void RemoveLeftovers()
    {
        if (!IsWhatIf)
        {
            Run(
                (channel, _) =>
                {
                    Placement.RemoveLeftovers(channel);
                    return true;
                }
            );
        }
    }

    private void ResizeOne(ResizeJob job, ResizeRecipe recipe, Func<TimeSpan> elapsed)
    {
        ResizePlan plan = Plan(job, recipe);
        if (!Force)
        {
            plan.RequireContent();
            if (plan.ChangesNothing)
            {
                WriteWarning($"'{job.SourcePath}': the recipe '{plan.Recipe}' keeps every dimension; no file is written.");
                return;
            }
        }

        string path = Placement.Place(plan.Making, plan.Threshold, Force);
        string verb = File.Exists(path) ? "Replace the existing file with" : "Write";
        string size = FormattableString.Invariant(
            $"{plan.Length:N0} bytes, total rank {plan.Measurement.OldRank} -> {plan.Measurement.NewRank}"
        );
        if (!AsksUser && !ShouldProcess(path, $"{verb} {size}, by recipe {plan.Recipe}"))
        {
            return;
        }

        Run(
            (channel, token) =>
            {
                Placement.Prepare(path, channel);
                job.Write(plan, path, Force, channel, token);
                return true;
            }
        );
        string time = FormattableString.Invariant($"took {elapsed().TotalSeconds:0.00} s");
        WriteVerbose(
            FormattableString.Invariant(
                $"'{path}' was written: {plan.Length:N0} bytes; planning and writing, after decomposing for the first recipe, {time}."
            )
        );
        WriteObject(new ResizeResult(plan.Measurement, path, elapsed()));
    }
}
