using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Sessions;
using ResizeLora.Spectra;
using static TorchSharp.torch;

namespace ResizeLora.Resizing;

/// <summary>One LoRA file with its decomposed layers: from here any number of recipes are planned and written.</summary>
public sealed class ResizeJob : IDisposable
{
    private readonly ResizeSession session;
    private readonly Adapter adapter;
    private readonly Dictionary<string, double[]> subspaceScales = new(StringComparer.Ordinal);
    private string[] reportedWithoutBase = [];
    private bool reportedKept;

    private ResizeJob(ResizeSession session, Adapter adapter, IReadOnlyList<LayerSpectrum> layers)
    {
        this.session = session;
        this.adapter = adapter;
        Layers = layers;
    }

    /// <summary>The layers that take part, in the order of the file.</summary>
    public IReadOnlyList<LayerSpectrum> Layers { get; }

    /// <summary>The LoRA file.</summary>
    public string SourcePath => adapter.Path;

    /// <summary>The size of the LoRA file in bytes.</summary>
    public long SourceLength => adapter.File.Length;

    /// <summary>Decomposes all layers of a file. The job takes over the file, also when this throws.</summary>
    /// <param name="session">The session.</param>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="AdapterException">A layer holds NaN, or does not fit the base model.</exception>
    public static ResizeJob Decompose(
        ResizeSession session,
        Adapter adapter,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
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
                return session.Decompose(adapter, adapter.Layers, progress, cancellationToken).ToArray();
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
    /// <exception cref="AdapterException">
    /// The file has changed since, a layer is not in it, or a layer does not fit the base model.
    /// </exception>
    public static ResizeJob Adopt(
        ResizeSession session,
        Adapter adapter,
        IReadOnlyList<LoraLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(adapter);
        return Guarded(
            adapter,
            () =>
            {
                string? checkpoint = session.BaseFor(adapter)?.Checkpoint.Path;
                bool IsReady(LoraLayer layer) =>
                    layer is LayerSpectrum spectrum
                    && (!spectrum.Source.DependsOnBase || checkpoint is null || spectrum.CheckpointPath == checkpoint);
                return Measure(
                    session,
                    adapter,
                    [
                        .. layers.Where(IsReady).Cast<LayerSpectrum>(),
                        .. DecomposeAgain(
                            session,
                            adapter,
                            [.. layers.Where(layer => !IsReady(layer))],
                            progress,
                            cancellationToken
                        ),
                    ],
                    progress,
                    cancellationToken
                );
            },
            session
        );
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
            ? [.. Layers.Where(static layer => layer.BaseFrobeniusNorm is null).Select(static layer => layer.Source.Fused).OfType<FusedFactors>()]
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
            ScaleSubspaces(resized, progress, cancellationToken);
        }

        ResizePlan plan = ResizePlanner.Plan(
            adapter,
            resized.Select(layer => (layer, (IReadOnlyList<double>?)subspaceScales.GetValueOrDefault(layer.Layer))).ToArray(),
            passedThrough,
            session.Describe(adapter, Layers.Select(static layer => layer.Layer), recipe, type, kind),
            (layer, kept) => LostOf(layer, kept, cancellationToken),
            cancellationToken
        );
        ReportUnresized(plan, passedThrough, progress);
        return plan;
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
        ReportUseless(plan, progress);
        OutputGuard.Check(path, [.. adapter.SourcePaths, .. session.Checkpoints.SelectMany(static checkpoint => checkpoint.FilePaths)]);
        ReportInexact(plan, ResizeWriter.Write(plan, adapter, path, overwrite, session.Device, progress, cancellationToken), progress);
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

    private static LayerSpectrum[] DecomposeAgain(
        ResizeSession session,
        Adapter adapter,
        IReadOnlyList<LoraLayer> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        HashSet<string> names = layers
            .Select(static layer => layer.Layer)
            .ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
        {
            return [];
        }

        AdapterLayer[] found = adapter.Layers.Where(layer => names.Contains(layer.Name)).ToArray();
        names.ExceptWith(found.Select(static layer => layer.Name));
        if (names.Count > 0)
        {
            throw AdapterException.Missing(adapter.Path, names.First());
        }

        progress?.Report(
            new EngineNote(
                EngineNoteLevel.Verbose,
                $"'{adapter.Path}': {found.Length} layers came without their factors, from a file or another process, and are "
                    + $"decomposed again."
            )
        );
        LayerSpectrum[] spectra = session.Decompose(adapter, found, progress, cancellationToken).ToArray();

        // A layer that says what it was decomposed from is decomposed from nothing else.
        Dictionary<string, string?> known = layers
            .GroupBy(static layer => layer.Layer, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => group.First() is StoredLayer stored ? stored.Content : null, StringComparer.Ordinal);
        LayerSpectrum? other = spectra.FirstOrDefault(layer => known[layer.Layer] is { } content && content != layer.Content);
        return other is null ? spectra : throw AdapterException.Stale(adapter.Path, other.Layer);
    }

    private static LayerSpectrum[] Measure(
        ResizeSession session,
        Adapter adapter,
        IReadOnlyList<LayerSpectrum> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        LayerSpectrum[] ordered = Verify(adapter, layers, cancellationToken);
        if (session.Checkpoints.Count == 0)
        {
            return ordered;
        }

        AdapterBase? joined = session.BaseFor(adapter);
        IReadOnlyDictionary<string, BaseNorms> norms = session.MeasureBase(
            joined,
            adapter.Path,
            ordered.Select(static layer => layer.Source).ToArray(),
            progress,
            cancellationToken
        );
        return ordered
            .Select(layer => layer.Against(norms.TryGetValue(layer.Layer, out BaseNorms found) ? found : null, joined?.Checkpoint.Path))
            .ToArray();
    }

    // Gives the layers in the order of the file, where they lie in it now. What is read of them from now on must be what was decomposed.
    private static LayerSpectrum[] Verify(Adapter adapter, IReadOnlyList<LayerSpectrum> layers, CancellationToken cancellationToken)
    {
        Dictionary<string, LayerSpectrum> wanted = layers
            .DistinctBy(static layer => layer.Layer)
            .ToDictionary(static layer => layer.Layer, StringComparer.Ordinal);
        var found = new List<LayerSpectrum>(wanted.Count);
        foreach (AdapterLayer layer in adapter.Layers)
        {
            if (wanted.Remove(layer.Name, out LayerSpectrum? spectrum))
            {
                found.Add(layer.HasFormOf(spectrum.Source) ? spectrum.At(layer) : throw AdapterException.Stale(adapter.Path, layer.Name));
                foreach (TensorEntry factor in layer.FactorTensors)
                {
                    adapter.Verified.Expect(factor, spectrum.Origin.Hashes);
                }
            }
        }

        if (wanted.Count > 0)
        {
            throw AdapterException.Stale(adapter.Path, wanted.Keys.First());
        }

        foreach (TensorHashes hashes in found.Select(static layer => layer.Origin.Hashes).Distinct())
        {
            adapter.ExpectOtherTensors(hashes);
        }

        // Writing compares the content in any case. Where the time says already that it may be another, nothing is planned of it.
        if (found.Any(layer => layer.Origin.FileTime != adapter.File.LastWriteTime))
        {
            LayerWorkers.ForEach(
                found,
                Environment.ProcessorCount,
                layer =>
                {
                    foreach (TensorEntry factor in layer.Source.FactorTensors)
                    {
                        adapter.File.Read(factor);
                    }
                },
                cancellationToken
            );
        }

        return [.. found];
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
        if (dropped.Length == 0)
        {
            return 0;
        }

        return LayerThreads.Run(
            session.Device,
            () =>
            {
                LayerDecomposition decomposition = layer.DecompositionFrom(adapter, session.Device);
                double[] values = Array.ConvertAll(dropped, dimension => decomposition.WrittenSingularValues[dimension]);
                double[] ones = Array.ConvertAll(dropped, static _ => 1.0);
                (Tensor up, Tensor down) = decomposition.Combine(
                    adapter.File,
                    layer.Source,
                    dropped,
                    values,
                    ones,
                    CombinationAccuracy.Compared,
                    session.Device
                );
                return effect.DistanceWithout(adapter.File, layer.Source, weight, up, down, session.Device);
            }
        );
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

    private void ScaleSubspaces(LayerSpectrum[] layers, IProgress<EngineEvent>? progress, CancellationToken cancellationToken)
    {
        // Largest first, so that no thread is left alone with a large one at the end.
        AdapterBase joined = session.BaseFor(adapter)!;
        LayerSpectrum[] missing = layers
            .Where(layer => !subspaceScales.ContainsKey(layer.Layer))
            .OrderByDescending(static layer => (long)layer.OutFeatures * layer.InFeatures)
            .ToArray();
        double[][] scales = new double[missing.Length][];
        int done = 0;
        LayerWorkers.ForEach(
            Enumerable.Range(0, missing.Length).ToArray(),
            LayerThreads.CountFor(session.Device),
            index =>
            {
                LayerSpectrum layer = missing[index];
                scales[index] = SubspaceScales.Compute(layer, adapter, joined.Find(layer.Layer)!, session.Device);
                progress?.Report(
                    new EngineProgress("Comparing subspaces with the base model", Interlocked.Increment(ref done), missing.Length)
                );
            },
            cancellationToken
        );
        joined.Checkpoint.RequireUnchanged();
        for (int index = 0; index < missing.Length; index++)
        {
            if (scales[index].Any(static scale => !double.IsFinite(scale)))
            {
                throw new AdapterException(
                    SourcePath,
                    missing[index].Layer,
                    "NotFinite",
                    "what it shares with the base weight is not a finite number: its numbers, or the base weight's, are too large or "
                        + "not numbers."
                );
            }

            subspaceScales.Add(missing[index].Layer, scales[index]);
        }
    }

    private void ReportUseless(ResizePlan plan, IProgress<EngineEvent>? progress)
    {
        if (plan.Measurement.LayersKept == 0)
        {
            string nothing = $"'{SourcePath}': the recipe '{plan.Recipe}' keeps no dimension of any layer; the output does nothing.";
            progress?.Report(new EngineNote(EngineNoteLevel.Warning, nothing));
        }

        // The files of a merge are not one file that the output could be smaller than.
        if (plan.Length < SourceLength || adapter.Merge is not null)
        {
            return;
        }

        TensorType widest = Layers.Select(static layer => layer.Source.Up.Type).MaxBy(TensorTypes.BitsOf);
        string cause =
            TensorTypes.BitsOf(plan.DataType) > TensorTypes.BitsOf(widest)
                ? $" It is written in {TensorTypes.NameOf(plan.DataType)}, the input is in {TensorTypes.NameOf(widest)}."
                : string.Empty;
        progress?.Report(
            new EngineNote(
                EngineNoteLevel.Warning,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{SourcePath}', recipe '{plan.Recipe}': the output of {plan.Length:N0} bytes "
                        + $"is not smaller than the input of {SourceLength:N0}.{cause}"
                )
            )
        );
    }

    private void ReportInexact(ResizePlan plan, IReadOnlyList<(string Layer, double Error)> inexact, IProgress<EngineEvent>? progress)
    {
        string share = NumberRange.Of(plan.DataType).Tolerance.ToString("0.###%", CultureInfo.InvariantCulture);
        string what = $"numbers too small for {TensorTypes.NameOf(plan.DataType)} were written with an error above {share}";
        string[] names = [.. inexact.Select(static layer => layer.Layer)];
        string[] errors = [.. inexact.Select(static layer => layer.Error.ToString("0.0%", CultureInfo.InvariantCulture))];
        NameSummary.Warn(
            progress,
            SourcePath,
            what,
            "layer",
            names,
            errors,
            plan.DataType == TensorType.Float16 ? EngineNote.Inexact : null
        );
    }

    private void ReportUnresized(ResizePlan plan, AdapterLayer[] passedThrough, IProgress<EngineEvent>? progress)
    {
        if (!reportedKept)
        {
            reportedKept = true;
            const string Copied = "copied unchanged, since they";
            adapter.ReportKept(progress, $"{Copied} are not pairs of factors that can be resized", $"{Copied} belong to no layer");
        }

        string[] withoutBase = [.. passedThrough.Select(static layer => layer.Name)];
        if (!withoutBase.SequenceEqual(reportedWithoutBase))
        {
            reportedWithoutBase = withoutBase;
            AdapterBase? joined = session.BaseFor(adapter);
            string[] misfits = [.. withoutBase.Where(layer => joined?.FindMisfit(layer) is not null)];
            const string What = "copied unchanged, since the base model has no weights under them";
            NameSummary.Warn(progress, SourcePath, What, "layer", [.. withoutBase.Except(misfits)], architecture: adapter.Architecture);
            const string Misfit = "copied unchanged, since the base model's weights under them have other shapes";
            string[] shapes = [.. misfits.Select(layer => joined!.FindMisfit(layer)!.ShapeText)];
            NameSummary.Warn(progress, SourcePath, Misfit, "layer", misfits, shapes, architecture: adapter.Architecture);
        }

        foreach (LayerPlan layer in plan.Layers.Where(static layer => layer.Spectrum.SpectralNorm == 0 && layer.Kept.Length == 0))
        {
            progress?.Report(
                new EngineNote(
                    EngineNoteLevel.Verbose,
                    $"'{SourcePath}': layer '{layer.Result.Layer}' (rank {layer.Result.OldRank}) is all zero and is dropped."
                )
            );
        }

        string threshold = plan.Threshold is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"threshold {found:0.###}")
            : "no threshold";
        string quantiles = string.Join(
            ' ',
            ScoreQuantile.Shares.Zip(
                plan.ScoreQuantiles,
                static (share, score) => string.Create(CultureInfo.InvariantCulture, $"{share:0.00}:{score:0.000}")
            )
        );
        if (quantiles.Length > 0)
        {
            progress?.Report(
                new EngineNote(EngineNoteLevel.Verbose, $"'{SourcePath}', recipe '{plan.Recipe}': score quantiles {quantiles}")
            );
        }

        progress?.Report(
            new EngineNote(
                EngineNoteLevel.Verbose,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{SourcePath}', recipe '{plan.Recipe}': {threshold}, "
                        + $"total rank {plan.Measurement.OldRank} -> {plan.Measurement.NewRank}, "
                        + $"{plan.Measurement.LayersKept} of {plan.Layers.Count} layers kept, "
                        + $"{adapter.File.Length:N0} -> {plan.Length:N0} bytes, "
                        + $"{plan.Measurement.RelativeErrorToLora:P2} of the LoRA lost."
                )
            )
        );
    }
}
