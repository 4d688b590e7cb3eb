using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Pictures;
using ResizeLora.PowerShell.Binding;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>
/// The base of cmdlets that take whole LoRA files or layers of them. Layers are gathered by their file, in whatever order they
/// come; a layer that does not come is left out.
/// </summary>
public abstract class LayerCommand : LoraFileCommand
{
    /// <summary>The parameter set of <see cref="InputObject"/>.</summary>
    protected const string LayerSet = "InputObject";

    private readonly LayerCollector collector = new();
    private ResizeSession? layerSession;
    private string? layerSessionPath;
    private int collectedFileCount;

    /// <summary>
    /// <para type="description">
    /// Layers of Get-LoraSpectrum, in any order. Layers without their spectra (from Select-Object, a CSV, JSON or XML file, or a job) are
    /// decomposed again from their file.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet)]
    [LayerTransformation]
    public LoraLayer[] InputObject { get; set; } = [];

    /// <summary>The recipes that will be applied.</summary>
    protected abstract IReadOnlyList<ResizeRecipe> Recipes { get; }

    /// <summary>Whether what comes brings the norms of its base model along.</summary>
    protected virtual bool BringsBaseNorms => ParameterSetName == LayerSet;

    private bool NeedsCheckpoint => Recipes.Count > 0 && Recipes.All(static recipe => recipe.NeedsCheckpoint);

    /// <inheritdoc/>
    protected override string? ReasonToSkip(Adapter adapter) =>
        NeedsCheckpoint && Session.MismatchOf(adapter) is { } mismatch ? mismatch.Clause : null;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (LoraLayer layer in ParameterSetName == LayerSet ? InputObject : [])
        {
            Attempt(layer, () => Collect(layer));
        }

        // Only here is it known whether files come, or layers.
        if (!BringsBaseNorms && Checkpoint is null && Recipes.FirstOrDefault(static recipe => recipe.NeedsCheckpoint) is { } unmet)
        {
            Require<object>(unmet, () => throw CheckpointException.NotGiven(unmet.ToString()));
        }

        base.ProcessRecord();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (IReadOnlyList<LoraLayer> layers in collector.TakeRest())
        {
            ApplyTo(layers);
        }

        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void Process(Adapter adapter)
    {
        Apply(
            new LayerSource
            {
                Path = adapter.Path,
                InputPaths = [.. adapter.SourcePaths],
                LayerCount = adapter.Layers.Count,
                OpenSession = () => Session,
                OpenFile = () => adapter,
                OpenJob = () =>
                    Run(
                        (channel, token) =>
                        {
                            // A LoRA of another family is refused before its layers are decomposed for nothing.
                            if (NeedsCheckpoint)
                            {
                                Session.RequireMatch(adapter);
                            }

                            return ResizeJob.Decompose(Session, adapter, channel, token, Recipes);
                        }
                    ),
            }
        );
    }

    /// <summary>Works on one file, or on those of its layers that came.</summary>
    /// <param name="source">The file, not decomposed yet.</param>
    internal abstract void Apply(LayerSource source);

    /// <summary>Works on layers of one file.</summary>
    /// <param name="layers">The layers.</param>
    internal void ApplyTo(IReadOnlyList<LoraLayer> layers)
    {
        string path = layers[0].Path;
        StartItem(Activity, System.IO.Path.GetFileName(path), collectedFileCount++, count: null);
        Attempt(
            path,
            () =>
                Apply(
                    new LayerSource
                    {
                        Path = path,
                        InputPaths = layers[0].Merge?.Sources.Select(static merged => merged.Path).ToArray() ?? [path],
                        LayerCount = layers.Count,
                        Layers = layers,
                        OpenSession = () => SessionFor(layers),
                        OpenFile = () => LoraLayer.OpenSource(layers),
                        OpenJob = () =>
                            Run(
                                (channel, token) =>
                                    ResizeJob.Adopt(SessionFor(layers), LoraLayer.OpenSource(layers), layers, channel, token, Recipes)
                            ),
                    }
                )
        );
    }

    /// <summary>Puts a file on a page, with the score of subspaces where a recipe weighs it.</summary>
    /// <param name="page">The page.</param>
    /// <param name="source">The file, not decomposed yet.</param>
    internal void AddTo(SpectrumPage page, LayerSource source)
    {
        using ResizeJob job = source.OpenJob();
        Run(
            (channel, token) =>
            {
                if (Recipes.Any(static recipe => recipe.NeedsSubspace))
                {
                    SubspaceComparison.Run([job], channel, token);
                }

                page.Add(job);
                return true;
            }
        );
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

    private void Collect(LoraLayer layer)
    {
        if (layer.Path.Length == 0)
        {
            string which = layer.Layer.Length > 0 ? $"The layer '{layer.Layer}'" : "A layer";
            string message =
                $"{which} has lost its file or its name. Keep the properties Path and Layer, or pipe it as Get-LoraSpectrum gave it.";
            WriteError(new ErrorRecord(new InvalidOperationException(message), "LayerWithoutFile", ErrorCategory.InvalidArgument, layer));
        }
        else if (collector.Add(Locate(layer)) is { } complete)
        {
            ApplyTo(complete);
        }
    }

    // A path that was stored may be relative, or of a drive of PowerShell.
    private LoraLayer Locate(LoraLayer layer) =>
        layer is StoredLayer { Merge: null } stored ? stored.At(FilePaths.ResolveLiteral(this, layer.Path)) : layer;

    // Without a checkpoint of its own the command measures against the one that the layers were measured against.
    private ResizeSession SessionFor(IReadOnlyList<LoraLayer> layers)
    {
        string? checkpoint = Checkpoint is null
            ? layers.Select(static layer => layer.CheckpointPath).FirstOrDefault(static path => path is not null)
            : null;
        if (checkpoint is null)
        {
            return Session;
        }

        if (layerSessionPath != checkpoint)
        {
            layerSession?.Dispose();
            layerSession = null;
            layerSession = OpenSession(Checkpoints.Checkpoint.PathsOf(checkpoint));
            layerSessionPath = checkpoint;
        }

        return layerSession!;
    }
}

/// <summary>A LoRA file, or some layers of it, that a cmdlet is to work on.</summary>
internal sealed class LayerSource
{
    /// <summary>The LoRA file.</summary>
    public required string Path { get; init; }

    /// <summary>The files that are read: the LoRA itself, or those of a merge.</summary>
    public required IReadOnlyList<string> InputPaths { get; init; }

    /// <summary>How many of its layers take part.</summary>
    public required int LayerCount { get; init; }

    /// <summary>The layers that came, or null where the whole file did.</summary>
    public IReadOnlyList<LoraLayer>? Layers { get; init; }

    /// <summary>The session that the file is worked on in.</summary>
    public required Func<ResizeSession> OpenSession { get; init; }

    /// <summary>Opens the file.</summary>
    public required Func<Adapter> OpenFile { get; init; }

    /// <summary>Decomposes the layers, or takes them as they came; called only when there is something to do.</summary>
    public required Func<ResizeJob> OpenJob { get; init; }
}
