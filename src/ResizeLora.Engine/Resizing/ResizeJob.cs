using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>One LoRA file with its decomposed layers: from here any number of recipes are planned and written.</summary>
public sealed class ResizeJob : IDisposable
{
    private readonly ResizeSession session;
    private readonly Adapter adapter;
    private readonly Dictionary<string, double[]> subspaceScales = new(StringComparer.Ordinal);
    private readonly PlanReport report;

    private ResizeJob(ResizeSession session, Adapter adapter, IReadOnlyList<LayerSpectrum> layers)
    {
        this.session = session;
        this.adapter = adapter;
        report = new PlanReport(session, adapter, layers);
        Layers = layers;
    }

    /// <summary>The layers that take part, in the order of the file.</summary>
    public IReadOnlyList<LayerSpectrum> Layers { get; }

    /// <summary>The LoRA file.</summary>
    public string SourcePath => adapter.Path;

    /// <summary>The size of the LoRA file in bytes.</summary>
    public long SourceLength => adapter.File.Length;

    /// <summary>The session that the file belongs to.</summary>
    internal ResizeSession Session => session;

    /// <summary>The LoRA file, open as long as the job is.</summary>
    internal Adapter Adapter => adapter;

    /// <summary>The base model that the LoRA belongs to; null where there is none.</summary>
    internal Checkpoint? Checkpoint => session.BaseFor(adapter)?.Checkpoint;

    /// <summary>Decomposes all layers of a file. The job takes over the file, also when this throws.</summary>
    /// <param name="session">The session.</param>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="recipes">The recipes that will be written, as far as they are known: memory is kept for no more.</param>
    /// <exception cref="AdapterException">A layer holds NaN, or does not fit the base model.</exception>
    public static ResizeJob Decompose(
        ResizeSession session,
        Adapter adapter,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken,
        IReadOnlyList<ResizeRecipe>? recipes = null
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(adapter);
        return Guarded(
            adapter,
            () =>
            {
                // Some layers take part only where a base model is joined.
                session.BaseFor(adapter);
                return session.Decompose(adapter, adapter.Layers, progress, cancellationToken, recipes).ToArray();
            },
            session
        );
    }

    /// <summary>
    /// Takes layers that were decomposed before, and decomposes again those that came without their spectra. The job takes over the file,
    /// also when this throws.
    /// </summary>
    /// <param name="session">The session; its base model, if it has one, replaces the one that the layers were measured against.</param>
    /// <param name="adapter">The LoRA file, open again.</param>
    /// <param name="layers">Layers of this file.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="recipes">The recipes that will be written, as far as they are known: memory is kept for no more.</param>
    /// <exception cref="AdapterException">
    /// The file has changed since, a layer is not in it, or a layer does not fit the base model.
    /// </exception>
    public static ResizeJob Adopt(
        ResizeSession session,
        Adapter adapter,
        IReadOnlyList<LoraLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken,
        IReadOnlyList<ResizeRecipe>? recipes = null
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(adapter);
        return Guarded(adapter, () => LayerAdoption.Adopt(session, adapter, layers, recipes, progress, cancellationToken), session);
    }

    /// <summary>Plans what a recipe makes of the file.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="type">Float16, BFloat16 or Float32.</param>
    /// <param name="kind">In which form layers of other kinds than LoRA are written.</param>
    /// <param name="progress">Told how far it is; warned of what is only copied.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CheckpointException">The recipe needs a base model and there is none, or it is of another family.</exception>
    /// <exception cref="OutputException">The recipe needs base weights, and no layer has one.</exception>
    public ResizePlan Plan(
        ResizeRecipe recipe,
        TensorType type,
        OutputKind kind,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(recipe);
        RequireBase(recipe);

        // The blocks of a fused layer stay together.
        HashSet<FusedFactors> withoutBase = recipe.NeedsCheckpoint
            ?
            [
                .. Layers
                    .Where(static layer => layer.BaseFrobeniusNorm is null)
                    .Select(static layer => layer.Source.Fused)
                    .OfType<FusedFactors>(),
            ]
            : [];
        bool HasBase(LayerSpectrum layer) =>
            !recipe.NeedsCheckpoint
            || (layer.BaseFrobeniusNorm is not null && !(layer.Source.Fused is { } fused && withoutBase.Contains(fused)));
        LayerSpectrum[] resized = Layers.Where(HasBase).ToArray();
        AdapterLayer[] passedThrough = Layers.Where(layer => !HasBase(layer)).Select(static layer => layer.Source).ToArray();
        if (resized.Length == 0 && Layers.Count > 0)
        {
            session.RequireMatch(adapter);
            throw OutputException.NothingResized(SourcePath, recipe.ToString(), "it measures against base weights, and no layer has one.");
        }

        if (recipe.NeedsSubspace)
        {
            SubspaceComparison.Run([.. resized.Select(layer => (this, layer))], progress, cancellationToken);
        }

        ResizePlan plan = ResizePlanner.Plan(
            adapter,
            resized.Select(layer => (layer, (IReadOnlyList<double>?)subspaceScales.GetValueOrDefault(layer.Layer))).ToArray(),
            passedThrough,
            Describe(recipe, type, kind),
            (layer, kept) => LostOf(layer, kept, cancellationToken),
            cancellationToken
        );
        session.WarnOfMemory(progress);
        report.ReportUnresized(plan, passedThrough, progress);
        return plan;
    }

    /// <summary>Describes the output of a recipe before it is planned.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="type">The type that factors are written in.</param>
    /// <param name="kind">In which form layers of other kinds are written.</param>
    internal OutputMaking Describe(ResizeRecipe recipe, TensorType type, OutputKind kind) =>
        session.Describe(adapter, Layers.Select(static layer => layer.Layer), recipe, type, kind);

    /// <summary>|uᵢᵀ W vᵢ| of a layer; null where no recipe of this job needed it, or the layer has no base weight.</summary>
    /// <param name="layer">The layer's name.</param>
    internal IReadOnlyList<double>? SubspaceScalesOf(string layer) => subspaceScales.GetValueOrDefault(layer);

    /// <summary>Takes |uᵢᵀ W vᵢ| of a layer.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="scales">One number for each singular value.</param>
    /// <exception cref="AdapterException">One of them is not a finite number.</exception>
    internal void TakeSubspaceScales(string layer, double[] scales)
    {
        if (!Array.TrueForAll(scales, double.IsFinite))
        {
            throw new AdapterException(
                SourcePath,
                layer,
                "NotFinite",
                "what it shares with the base weight is not a finite number: its numbers, or the base weight's, are too large or "
                    + "not numbers."
            );
        }

        subspaceScales.Add(layer, scales);
    }

    /// <summary>Writes the file of a plan.</summary>
    /// <param name="plan">A plan of this job.</param>
    /// <param name="path">The output.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work; no file is left then.</param>
    /// <exception cref="OutputException">The output cannot be written, or is the input.</exception>
    /// <exception cref="AdapterException">A value does not fit into the output's type.</exception>
    public void Write(ResizePlan plan, string path, bool overwrite, IProgress<EngineEvent>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        report.ReportUseless(plan, progress);
        OutputGuard.Check(path, [.. adapter.SourcePaths, .. session.Checkpoints.SelectMany(static checkpoint => checkpoint.FilePaths)]);
        report.ReportInexact(
            plan,
            ResizeWriter.Write(plan, adapter, path, overwrite, session.Layers, progress, cancellationToken),
            progress
        );
    }

    /// <inheritdoc/>
    public void Dispose() => adapter.Dispose();

    private static ResizeJob Guarded(Adapter adapter, Func<IReadOnlyList<LayerSpectrum>> layers, ResizeSession session)
    {
        try
        {
            return new ResizeJob(session, adapter, layers());
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    // What the forward pass of DoRA loses is seen over the base weight; for other layers the singular values say it.
    private double? LostOf(LayerSpectrum layer, int[] kept, CancellationToken cancellationToken)
    {
        if (layer.Effect is not { } effect || session.BaseFor(adapter)?.Find(layer.Layer) is not { } weight)
        {
            return null;
        }

        cancellationToken.ThrowIfCancellationRequested();
        int[] dropped = [.. Enumerable.Range(0, layer.SingularValues.Length).Except(kept)];
        return dropped.Length == 0 ? 0 : effect.DistanceWithout(dropped, layer, adapter, weight, session.Layers);
    }

    private void RequireBase(ResizeRecipe recipe)
    {
        bool given = recipe.NeedsSubspace
            ? session.Checkpoints.Count > 0
            : session.Checkpoints.Count > 0 || Layers.Any(static layer => layer.CheckpointPath is not null);
        if (recipe.NeedsCheckpoint && !given)
        {
            throw CheckpointException.NotGiven(recipe.ToString());
        }
    }
}
