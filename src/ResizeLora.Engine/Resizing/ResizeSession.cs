using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Recipes;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>What many files share: the device, and the base model with its norms. One session serves files one after another.</summary>
public sealed class ResizeSession : IDisposable
{
    private readonly Lazy<ComputeDevice> device;
    private readonly BaseNormProvider? norms;

    /// <summary>Opens the base model, if one is given; libtorch is not loaded yet.</summary>
    /// <param name="device">The device's name, as <see cref="ComputeDevice.Resolve"/> takes it.</param>
    /// <param name="checkpointPath">The base model, or null.</param>
    /// <param name="cache">Where norms are kept between runs.</param>
    /// <exception cref="ResizeLoraException">The checkpoint cannot be used.</exception>
    public ResizeSession(string device, string? checkpointPath, NormCache cache)
    {
        this.device = new Lazy<ComputeDevice>(() => ComputeDevice.Resolve(device));
        if (checkpointPath is not null)
        {
            Checkpoint = Checkpoint.Open(checkpointPath);
            norms = new BaseNormProvider(Checkpoint, cache, new GramOperatorFactory(), Environment.ProcessorCount);
        }
    }

    /// <summary>The base model, or null.</summary>
    public Checkpoint? Checkpoint { get; }

    /// <summary>Where matrices are multiplied; asking loads libtorch.</summary>
    /// <exception cref="DeviceException">The device cannot be used.</exception>
    public ComputeDevice Device => device.Value;

    /// <summary>Refuses a LoRA of which no layer is in the base model.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <exception cref="CheckpointException">There is a base model, and none of the layers is in it.</exception>
    public void RequireMatch(Adapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (Checkpoint is { } checkpoint && adapter.Layers.Count > 0 && adapter.Layers.All(layer => checkpoint.Find(layer.Name) is null))
        {
            string? family = BaseModelFamily.Of(adapter.Metadata, LayerInventory.Of(adapter.File.Header.Tensors).Layers);
            throw CheckpointException.Mismatch(adapter.Path, family, adapter.Layers[0].Name, checkpoint);
        }
    }

    /// <summary>Decomposes layers of a file, several at a time, and hands them out in their order one by one.</summary>
    /// <param name="adapter">The LoRA file; stays open while the layers are taken.</param>
    /// <param name="layers">Which layers.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="AdapterException">A layer holds NaN, or does not fit the base model.</exception>
    public IEnumerable<LayerSpectrum> Decompose(
        Adapter adapter,
        IReadOnlyList<AdapterLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(layers);
        IReadOnlyDictionary<string, BaseNorms> baseNorms = MeasureBase(adapter.Path, layers, progress, cancellationToken);
        return DecomposeLayers();

        IEnumerable<LayerSpectrum> DecomposeLayers()
        {
            int done = 0;
            adapter.HashOtherTensors(cancellationToken);
            LayerSpectrum Work(AdapterLayer layer) =>
                LayerDecomposer.Decompose(
                    adapter,
                    layer,
                    baseNorms.TryGetValue(layer.Name, out BaseNorms found) ? found : null,
                    Checkpoint?.Path,
                    Device,
                    cancellationToken
                );
            foreach (LayerSpectrum spectrum in LayerWorkers.InOrder(layers, LayerThreads.CountFor(Device), Work, cancellationToken))
            {
                progress?.Report(new EngineProgress($"Decomposing {Path.GetFileName(adapter.Path)}", ++done, layers.Count));
                yield return spectrum;
            }
        }
    }

    /// <summary>Describes an output before anything is computed.</summary>
    /// <param name="adapter">The LoRA; it stays open while the answer is used.</param>
    /// <param name="layers">The names of the layers that take part.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="type">The type that factors are written in.</param>
    public OutputMaking Describe(Adapter adapter, IEnumerable<string> layers, ResizeRecipe recipe, TensorType type)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(recipe);
        (string, string)? checkpoint =
            recipe.NeedsCheckpoint && norms is not null ? (Path.GetFileName(Checkpoint!.Path), norms.Identity.Content) : null;
        return new OutputMaking(adapter, layers, checkpoint, recipe, type);
    }

    /// <summary>Measures weights of the base model, whether a LoRA changes them or not, and keeps their norms for later runs.</summary>
    /// <param name="weights">Weights of <see cref="Checkpoint"/>.</param>
    /// <param name="refresh">Whether norms that are kept already are computed again and replaced.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work; what was computed is kept.</param>
    /// <returns>The norms in the order of the weights.</returns>
    /// <exception cref="InvalidOperationException">The session has no base model.</exception>
    /// <exception cref="CheckpointException">A weight holds NaN or infinity.</exception>
    public IReadOnlyList<CheckpointNorm> MeasureCheckpoint(
        IReadOnlyList<BaseWeight> weights,
        bool refresh,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        BaseNormProvider provider = norms ?? throw new InvalidOperationException("The session has no base model.");
        return provider.Describe(weights, refresh, progress, cancellationToken);
    }

    /// <summary>The norms of the weights under some layers, checked to fit; empty without a checkpoint.</summary>
    /// <param name="path">The LoRA file, for messages.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal IReadOnlyDictionary<string, BaseNorms> MeasureBase(
        string path,
        IReadOnlyList<AdapterLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        if (norms is null)
        {
            return new Dictionary<string, BaseNorms>();
        }

        int matches = 0;
        foreach (AdapterLayer layer in layers)
        {
            if (Checkpoint!.Find(layer.Name) is { } weight)
            {
                weight.Validate(layer, path);
                matches++;
            }
        }

        if (matches == 0 && layers.Count > 0)
        {
            string text = $"'{path}': no layer is in the base model '{Checkpoint!.Path}'; nothing can be measured against it.";
            progress?.Report(new EngineNote(EngineNoteLevel.Warning, text));
        }

        IReadOnlyDictionary<string, BaseNorms> found = norms.GetNorms(
            layers.Select(static layer => layer.Name),
            progress,
            cancellationToken
        );
        Checkpoint!.RequireUnchanged();
        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => Checkpoint?.Dispose();
}
