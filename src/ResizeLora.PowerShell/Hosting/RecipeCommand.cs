using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Safetensors;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>
/// The base of cmdlets that apply recipes: takes LoRA files, or layers of them, which it gathers by their file, and hands each
/// file's decomposed layers on, once for all recipes.
/// </summary>
public abstract class RecipeCommand : LoraFileCommand
{
    /// <summary>The parameter set of <see cref="InputObject"/>.</summary>
    protected const string LayerSet = "InputObject";

    private readonly List<LoraLayer> gathered = [];
    private readonly HashSet<string> finished = new(StringComparer.Ordinal);
    private ResizeSession? layerSession;

    /// <summary>
    /// <para type="description">Layers of Get-LoraSpectrum. Those of one file must follow one another. Layers that were stored with Export-Clixml, or come from a job, are decomposed again from their file.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet)]
    [LayerTransformation]
    public LoraLayer[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">What to keep: recipes such as 'spn_ckpt=1,thr=-1.2', several as an array or separated by colons, or objects of New-ResizeRecipe. A layer is decomposed once, however many recipes there are.</para>
    /// </summary>
    [Parameter(Position = 1)]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[] Recipe { get; set; } = [ResizeRecipe.Parse(ResizeRecipe.DefaultText)];

    /// <summary>
    /// <para type="description">The type of the written weights: Float16, BFloat16 or Float32; 16 and 32 are accepted.</para>
    /// </summary>
    [Parameter]
    [OutputTypeTransformation]
    public OutputType DType { get; set; }

    /// <summary>The recipes to apply.</summary>
    protected virtual IReadOnlyList<ResizeRecipe> Recipes => Recipe;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == LayerSet)
        {
            Array.ForEach(InputObject, Gather);
            return;
        }

        // Only here is it known that files come, not layers, which bring their base norms along.
        if (Checkpoint is null && Recipes.FirstOrDefault(static recipe => recipe.NeedsCheckpoint) is { } needy)
        {
            Require<object>(needy, () => throw CheckpointException.NotGiven(needy.ToString()));
        }

        base.ProcessRecord();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        ApplyToGathered();
        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void Process(Adapter adapter)
    {
        using (adapter)
        {
            Apply(adapter.Path, () => Run((channel, cancellationToken) =>
            {
                // A LoRA of another family is told before its layers are decomposed for nothing.
                if (Recipes.All(static recipe => recipe.NeedsCheckpoint))
                {
                    Session.RequireMatch(adapter);
                }

                return ResizeJob.Decompose(Session, adapter, channel, cancellationToken);
            }));
        }
    }

    /// <summary>Applies the recipes to one file.</summary>
    /// <param name="source">The LoRA file.</param>
    /// <param name="open">Decomposes its layers, or takes them as they came; to be called only when there is something to do.</param>
    protected abstract void Apply(string source, Func<ResizeJob> open);

    /// <summary>Plans one recipe.</summary>
    /// <param name="job">The file.</param>
    /// <param name="recipe">The recipe.</param>
    protected ResizePlan Plan(ResizeJob job, ResizeRecipe recipe)
    {
        TensorType type = DType switch
        {
            OutputType.BFloat16 => TensorType.BFloat16,
            OutputType.Float32 => TensorType.Float32,
            _ => TensorType.Float16,
        };
        return Run((channel, cancellationToken) => job.Plan(recipe, type, channel, cancellationToken));
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

    private void Gather(LoraLayer layer)
    {
        if (gathered.Count > 0 && gathered[0].Path != layer.Path)
        {
            ApplyToGathered();
        }

        if (finished.Contains(layer.Path))
        {
            string message = $"Layers of '{layer.Path}' came after those of another file, when it was done already; sort the layers by Path.";
            WriteError(new ErrorRecord(new InvalidOperationException(message), "LayersScattered", ErrorCategory.InvalidOperation, layer));
            return;
        }

        gathered.Add(layer);
    }

    private void ApplyToGathered()
    {
        if (gathered.Count == 0)
        {
            return;
        }

        LoraLayer[] layers = [.. gathered];
        gathered.Clear();
        string path = layers[0].Path;
        finished.Add(path);
        StartItem(Activity, System.IO.Path.GetFileName(path), finished.Count - 1, finished.Count);
        Attempt(path, () => Apply(path, () => Run((channel, cancellationToken) => ResizeJob.Adopt(SessionFor(layers), layers[0] is LayerSpectrum spectrum ? spectrum.OpenSource() : Adapter.Open(path), layers, channel, cancellationToken))));
        CompleteProgress();
    }

    // Without a checkpoint of its own the command measures against the one that the layers were measured against.
    private ResizeSession SessionFor(LoraLayer[] layers)
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
}
