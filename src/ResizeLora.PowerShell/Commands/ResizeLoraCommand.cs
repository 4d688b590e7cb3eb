using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Safetensors;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Writes smaller LoRA files that keep the singular values which matter.</para>
/// <para type="description">For each file and recipe one output, whole or not at all, beside the input or in another folder; existing files are never replaced without -Force. Takes files, or layers of Get-LoraSpectrum, which are gathered by their file; a layer that was filtered out is left out of the output.</para>
/// </summary>
[Cmdlet("Resize", "Lora", DefaultParameterSetName = PathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ResizeResult))]
public sealed class ResizeLoraCommand : LoraFileCommand
{
    private const string LayerSet = "InputObject";

    private readonly List<LayerSpectrum> gathered = [];
    private readonly HashSet<string> finished = new(StringComparer.Ordinal);
    private OutputPlacement? placement;
    private ResizeSession? layerSession;

    /// <summary>
    /// <para type="description">Layers of Get-LoraSpectrum. Those of one file must follow one another.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet)]
    public LayerSpectrum[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">What to keep: recipes such as 'spn_ckpt=1,thr=-1.2', several as an array or separated by colons, or objects of New-ResizeRecipe. A layer is decomposed once, however many recipes there are.</para>
    /// </summary>
    [Parameter(Position = 1)]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[] Recipe { get; set; } = [ResizeRecipe.Parse(ResizeRecipe.DefaultText)];

    /// <summary>
    /// <para type="description">The folder of the outputs, made when it does not exist; by default each goes beside its input.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>
    /// <para type="description">The type of the written weights: Float16, BFloat16 or Float32; 16 and 32 are accepted.</para>
    /// </summary>
    [Parameter]
    [OutputTypeTransformation]
    public OutputType DType { get; set; }

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
    protected override void ProcessRecord()
    {
        if (ParameterSetName == LayerSet)
        {
            Array.ForEach(InputObject, Gather);
            return;
        }

        // Only here is it known that files come, not layers, which bring their base norms along.
        if (Checkpoint is null && Recipe.FirstOrDefault(static recipe => recipe.NeedsCheckpoint) is { } needy)
        {
            Require<object>(needy, () => throw CheckpointException.NotGiven(needy.ToString()));
        }

        base.ProcessRecord();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        ResizeGathered();
        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void Process(Adapter adapter)
    {
        using (adapter)
        {
            ResizeAll(adapter.Path, () => Run((channel, cancellationToken) => ResizeJob.Decompose(Session, adapter, channel, cancellationToken)));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            layerSession?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Gather(LayerSpectrum layer)
    {
        if (gathered.Count > 0 && gathered[0].Path != layer.Path)
        {
            ResizeGathered();
        }

        if (finished.Contains(layer.Path))
        {
            string message = $"Layers of '{layer.Path}' came after those of another file, when its output was written already; sort the layers by Path.";
            WriteError(new ErrorRecord(new InvalidOperationException(message), "LayersScattered", ErrorCategory.InvalidOperation, layer));
            return;
        }

        gathered.Add(layer);
    }

    private void ResizeGathered()
    {
        if (gathered.Count == 0)
        {
            return;
        }

        LayerSpectrum[] layers = [.. gathered];
        gathered.Clear();
        string path = layers[0].Path;
        finished.Add(path);
        StartItem(Activity, System.IO.Path.GetFileName(path), finished.Count - 1, finished.Count);
        Attempt(path, () => ResizeAll(path, () => Run((channel, cancellationToken) => ResizeJob.Adopt(SessionFor(layers), layers[0].OpenSource(), layers, channel, cancellationToken))));
        CompleteProgress();
    }

    // Without a checkpoint of its own the command measures against the one that the layers were measured against.
    private ResizeSession SessionFor(LayerSpectrum[] layers)
    {
        string? checkpoint = Checkpoint is null ? layers[0].CheckpointPath : null;
        if (checkpoint is null)
        {
            return Session;
        }

        if (layerSession?.Checkpoint?.Path != checkpoint)
        {
            layerSession?.Dispose();
            layerSession = OpenSession(checkpoint);
        }

        return layerSession!;
    }

    private void ResizeAll(string source, Func<ResizeJob> open)
    {
        var clock = Stopwatch.StartNew();
        int[] due = Enumerable.Range(0, Recipe.Length).Where(index => IsDue(source, index)).ToArray();
        if (due.Length == 0)
        {
            return;
        }

        using ResizeJob job = open();
        foreach (int index in due)
        {
            Attempt(source, () => ResizeOne(job, index, clock));
            clock.Restart();
        }
    }

    // Asked before anything is decomposed, so that a folder that is done costs nothing the next night.
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
        TensorType type = DType switch
        {
            OutputType.BFloat16 => TensorType.BFloat16,
            OutputType.Float32 => TensorType.Float32,
            _ => TensorType.Float16,
        };
        ResizePlan plan = Run((channel, cancellationToken) => job.Plan(Recipe[index], type, channel, cancellationToken));
        string path = Placement.Place(job.SourcePath, index, plan.Threshold, Force);
        if (!ShouldProcess(path, FormattableString.Invariant($"Write {plan.Length:N0} bytes, total rank {plan.OldRank} -> {plan.NewRank}, by recipe {plan.Recipe}")))
        {
            return;
        }

        Run((channel, cancellationToken) =>
        {
            Placement.Prepare(path, channel);
            job.Write(plan, path, Force, channel, cancellationToken);
            return true;
        });
        WriteObject(new ResizeResult(plan, path, job.SourceLength, clock.Elapsed));
    }
}
