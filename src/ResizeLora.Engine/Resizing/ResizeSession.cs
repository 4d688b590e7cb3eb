using System.Runtime.CompilerServices;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Sessions;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>What many files share: the device, and the base model with its norms. One session serves files one after another.</summary>
public sealed class ResizeSession : IDisposable
{
    private readonly Lazy<LayerDevice> device;
    private readonly Dictionary<Checkpoint, BaseNormProvider> norms = [];
    private readonly ConditionalWeakTable<Adapter, JoinedBase> joined = [];

    /// <summary>Opens the base model, if one is given; libtorch is loaded meanwhile, and need not be there.</summary>
    /// <param name="device">The device's name, as <see cref="ComputeDevice.Resolve"/> takes it.</param>
    /// <param name="checkpointPath">The base model, as <see cref="Checkpoint.Path"/> gives it, or null.</param>
    /// <param name="cache">Where norms are kept between runs.</param>
    /// <exception cref="ResizeLoraException">The checkpoint cannot be used.</exception>
    public ResizeSession(string device, string? checkpointPath, NormCache cache)
        : this(device, checkpointPath is null ? [] : Checkpoint.PathsOf(checkpointPath), cache) { }

    /// <summary>Opens base models, of one family or several; libtorch is loaded meanwhile, and need not be there.</summary>
    /// <param name="device">The device's name, as <see cref="ComputeDevice.Resolve"/> takes it.</param>
    /// <param name="checkpointPaths">Files and folders; what belongs together becomes one base model.</param>
    /// <param name="cache">Where norms are kept between runs.</param>
    /// <exception cref="ResizeLoraException">A checkpoint cannot be used.</exception>
    public ResizeSession(string device, IReadOnlyList<string> checkpointPaths, NormCache cache)
        : this(() => new LayerDevice(ComputeDevice.Resolve(device)), checkpointPaths, cache) { }

    /// <summary>Opens base models, and makes the device when it is needed.</summary>
    /// <param name="device">Makes it.</param>
    /// <param name="checkpointPaths">Files and folders; what belongs together becomes one base model.</param>
    /// <param name="cache">Where norms are kept between runs.</param>
    internal ResizeSession(Func<LayerDevice> device, IReadOnlyList<string> checkpointPaths, NormCache cache)
    {
        ArgumentNullException.ThrowIfNull(checkpointPaths);
        NativeLibraries.BeginLoading();
        this.device = new Lazy<LayerDevice>(device);
        Checkpoints = checkpointPaths.Count == 0 ? [] : CheckpointOpener.Open(checkpointPaths);
        foreach (Checkpoint checkpoint in Checkpoints)
        {
            norms.Add(checkpoint, new BaseNormProvider(checkpoint, cache, new GramOperatorFactory(), Environment.ProcessorCount));
        }
    }

    /// <summary>The base models.</summary>
    public IReadOnlyList<Checkpoint> Checkpoints { get; }

    /// <summary>Where decompositions are kept.</summary>
    internal DecompositionStore Store { get; init; } = DecompositionStore.Shared;

    /// <summary>The base model, the first where there are several, or null.</summary>
    public Checkpoint? Checkpoint => Checkpoints.Count > 0 ? Checkpoints[0] : null;

    /// <summary>Where matrices are multiplied; asking loads libtorch.</summary>
    /// <exception cref="DeviceException">The device cannot be used.</exception>
    public ComputeDevice Device => Layers.Device;

    /// <summary>The same device, as layers are worked on.</summary>
    internal LayerDevice Layers => device.Value;

    /// <summary>Warns, once, when the device had too little memory for a layer; loads nothing.</summary>
    /// <param name="progress">Who is told.</param>
    internal void WarnOfMemory(IProgress<EngineEvent>? progress)
    {
        if (device.IsValueCreated)
        {
            Layers.WarnOfMemory(progress);
        }
    }

    /// <summary>The base model that a LoRA belongs to, joined with it.</summary>
    /// <param name="adapter">The LoRA.</param>
    /// <returns>The base model, or null when there is none that it belongs to.</returns>
    public AdapterBase? BaseFor(Adapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return joined
            .GetValue(
                adapter,
                key =>
                {
                    AdapterBase? found = Join(key);
                    found?.BindLayersOverBase(key);
                    return new JoinedBase(found);
                }
            )
            .Base;
    }

    private AdapterBase? Join(Adapter adapter)
    {
        AdapterBase[] candidates =
        [
            .. Checkpoints
                .Select(checkpoint => new AdapterBase(adapter, checkpoint))
                .Where(static candidate => !candidate.IsOfAnotherFamily),
        ];
        if (candidates.Length < 2)
        {
            return candidates.FirstOrDefault();
        }

        // What a trainer noted decides where names and shapes leave a choice.
        string? noted = BaseModelFamily.OfLayers(adapter);
        return candidates.MaxBy(candidate =>
            (candidate.FittingCount, noted is not null && candidate.Checkpoint.Family == noted, candidate.MirroredCount)
        );
    }

    /// <summary>Why no base model fits a LoRA.</summary>
    /// <param name="adapter">The LoRA.</param>
    /// <returns>The error that says so; null where one fits, or none was given.</returns>
    public CheckpointException? MismatchOf(Adapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (Checkpoints.Count == 0 || adapter.Layers.Count == 0 || BaseFor(adapter) is not null)
        {
            return null;
        }

        string? family = BaseModelFamily.OfLayers(adapter);
        string misfit = new AdapterBase(adapter, Checkpoints[0]).DescribeMisfit(adapter);
        return CheckpointException.Mismatch(adapter.Path, family, adapter.Layers[0].Name, misfit, Checkpoints);
    }

    /// <summary>Refuses a LoRA that belongs to none of the base models.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <exception cref="CheckpointException">There are base models, and it was made for another kind of model.</exception>
    public void RequireMatch(Adapter adapter)
    {
        if (MismatchOf(adapter) is { } mismatch)
        {
            throw mismatch;
        }
    }

    /// <summary>Decomposes layers of a file, several at a time, and hands them out in their order one by one.</summary>
    /// <param name="adapter">The LoRA file; stays open while the layers are taken.</param>
    /// <param name="layers">Which layers.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="recipes">The recipes that follow, as far as they are known: of a layer no more is kept than they write.</param>
    /// <exception cref="AdapterException">A layer holds NaN, or does not fit the base model.</exception>
    public IEnumerable<LayerSpectrum> Decompose(
        Adapter adapter,
        IReadOnlyList<AdapterLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken,
        IReadOnlyList<ResizeRecipe>? recipes = null
    )
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(layers);
        AdapterBase? joinedBase = BaseFor(adapter);
        IReadOnlyDictionary<string, BaseNorms> baseNorms = MeasureBase(joinedBase, adapter.Path, layers, progress, cancellationToken);
        return DecomposeLayers();

        IEnumerable<LayerSpectrum> DecomposeLayers()
        {
            int done = 0;
            adapter.HashOtherTensors(cancellationToken);
            int share = MostDimensions(layers);
            Func<LayerSpectrum, int>? countOf = recipes is { Count: > 0 }
                ? spectrum => recipes.Max(recipe => ResizePlanner.CountOf(recipe, spectrum) ?? share)
                : null;
            var keeping = new DecompositionKeeping(share, countOf, Store);
            LayerSpectrum Work(AdapterLayer layer)
            {
                BaseWeight? weight = joinedBase?.Find(layer.Name);
                BaseNorms? known = baseNorms.TryGetValue(layer.Name, out BaseNorms found) ? found : null;
                return LayerDecomposer.Decompose(
                    adapter,
                    weight is null ? layer : weight.WithKernel(layer),
                    new LayerBase(weight, known, joinedBase?.Checkpoint.Path),
                    Layers,
                    keeping,
                    cancellationToken
                );
            }
            foreach (LayerSpectrum spectrum in LayerWorkers.InOrder(layers, LayerThreads.Count, Work, cancellationToken))
            {
                progress?.Report(new EngineProgress($"Decomposing {Path.GetFileName(adapter.Path)}", ++done, layers.Count));
                WarnOfMemory(progress);
                yield return spectrum;
            }
        }
    }

    /// <summary>Describes an output before anything is computed.</summary>
    /// <param name="adapter">The LoRA; it stays open while the answer is used.</param>
    /// <param name="layers">The names of the layers that take part.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="type">The type that factors are written in.</param>
    /// <param name="kind">In which form layers of other kinds are written.</param>
    public OutputMaking Describe(Adapter adapter, IEnumerable<string> layers, ResizeRecipe recipe, TensorType type, OutputKind kind)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(recipe);

        // Some layers take part only where a base model is joined.
        AdapterBase? joinedBase = BaseFor(adapter);
        (string, string)? checkpoint =
            (recipe.NeedsCheckpoint || adapter.Layers.Any(static layer => layer.DependsOnBase)) && joinedBase?.Checkpoint is { } found
                ? (string.Join('|', found.Origins.Select(Path.GetFileName)), found.ContentKey)
                : null;
        return new OutputMaking(adapter, layers, checkpoint, recipe, type, kind);
    }

    /// <summary>Measures weights of the base model, whether a LoRA changes them or not, and keeps their norms for later runs.</summary>
    /// <param name="checkpoint">One of the base models.</param>
    /// <param name="weights">Weights of it.</param>
    /// <param name="refresh">Whether norms that are kept already are computed again and replaced.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work; what was computed is kept.</param>
    /// <returns>The norms in the order of the weights.</returns>
    /// <exception cref="CheckpointException">A weight holds NaN or infinity.</exception>
    public IReadOnlyList<CheckpointNorm> MeasureCheckpoint(
        Checkpoint checkpoint,
        IReadOnlyList<BaseWeight> weights,
        bool refresh,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(checkpoint);
        return norms[checkpoint].Describe(weights, refresh, progress, cancellationToken);
    }

    /// <summary>The norms of the weights under some layers; empty without a base model.</summary>
    /// <param name="joinedBase">The base model joined with the LoRA, or null.</param>
    /// <param name="path">The LoRA file, for messages.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The norms by the layers' names; a layer without a weight of its shape has none.</returns>
    internal IReadOnlyDictionary<string, BaseNorms> MeasureBase(
        AdapterBase? joinedBase,
        string path,
        IReadOnlyList<AdapterLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, BaseNorms>(StringComparer.Ordinal);
        if (joinedBase is null)
        {
            if (Checkpoints.Count > 0 && layers.Count > 0)
            {
                string models = string.Join(", ", Checkpoints.Select(static checkpoint => $"'{checkpoint.Path}'"));
                string text = $"'{path}': no layer is in the base model {models}; nothing can be measured against it.";
                progress?.Report(new EngineNote(EngineNoteLevel.Warning, text));
            }

            return found;
        }

        (string Layer, BaseWeight Weight)[] weights =
        [
            .. layers
                .Select(layer => (layer.Name, Weight: joinedBase.Find(layer.Name)))
                .Where(static pair => pair.Weight is not null)
                .Select(static pair => (pair.Name, pair.Weight!)),
        ];
        IReadOnlyDictionary<string, BaseNorms> known = norms[joinedBase.Checkpoint]
            .GetNorms(weights.Select(static pair => pair.Weight), progress, cancellationToken);
        joinedBase.Checkpoint.RequireUnchanged();
        foreach ((string layer, BaseWeight weight) in weights)
        {
            found[layer] = known[weight.Name];
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Checkpoint checkpoint in Checkpoints)
        {
            checkpoint.Dispose();
        }
    }

    // The same number of dimensions of each layer: recipes that need more of one decompose it again.
    private int MostDimensions(IReadOnlyList<AdapterLayer> layers)
    {
        int least = 0;
        int above = layers.Select(static layer => layer.Rank).DefaultIfEmpty(0).Max() + 1;
        while (above - least > 1)
        {
            int middle = (least + above) / 2;
            bool fits = layers.Sum(layer => LayerBytes.Kept(layer, middle)) <= Store.MostBytes;
            (least, above) = fits ? (middle, above) : (least, middle);
        }

        return least;
    }

    // A table of weak references holds objects only.
    private sealed record JoinedBase(AdapterBase? Base);
}
