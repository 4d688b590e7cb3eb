using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Sessions;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>
/// Takes layers that were decomposed before: found in their file again, required to be the same, and measured against a base model.
/// </summary>
internal static class LayerAdoption
{
    /// <summary>Takes layers, and decomposes again those that came without their spectra or over another base weight.</summary>
    /// <param name="session">The session; its base model, if it has one, replaces the one that the layers were measured against.</param>
    /// <param name="adapter">The LoRA file, open again.</param>
    /// <param name="layers">Layers of this file.</param>
    /// <param name="recipes">The recipes that follow, as far as they are known.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The layers in the order of the file.</returns>
    /// <exception cref="AdapterException">The file has changed since, or a layer is not in it.</exception>
    public static LayerSpectrum[] Adopt(
        ResizeSession session,
        Adapter adapter,
        IReadOnlyList<LoraLayer> layers,
        IReadOnlyList<ResizeRecipe>? recipes,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        // Where none of the layers that need their base came, they were not there to be chosen, and are copied.
        adapter.LimitLayersOverBase(layers.Select(static layer => layer.Layer));
        string? checkpoint = session.BaseFor(adapter)?.Checkpoint.Path;
        bool IsReady(LoraLayer layer) =>
            layer is LayerSpectrum { IsReleased: false } spectrum
            && (!spectrum.Source.DependsOnBase || checkpoint is null || spectrum.CheckpointPath == checkpoint);
        LoraLayer[] others = [.. layers.Where(layer => !IsReady(layer))];
        return Measure(
            session,
            adapter,
            [
                .. layers.Where(IsReady).Cast<LayerSpectrum>(),
                .. DecomposeAgain(session, adapter, others, recipes, progress, cancellationToken),
            ],
            progress,
            cancellationToken
        );
    }

    private static LayerSpectrum[] DecomposeAgain(
        ResizeSession session,
        Adapter adapter,
        IReadOnlyList<LoraLayer> layers,
        IReadOnlyList<ResizeRecipe>? recipes,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        HashSet<string> names = layers.Select(static layer => layer.Layer).ToHashSet(StringComparer.Ordinal);
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
                $"'{adapter.Path}': {found.Length} layers came without their factors, or others needed the memory, and are "
                    + $"decomposed again."
            )
        );
        LayerSpectrum[] spectra = session.Decompose(adapter, found, progress, cancellationToken, recipes).ToArray();

        // A layer that says what it was decomposed from is decomposed from nothing else.
        Dictionary<string, string?> known = layers
            .GroupBy(static layer => layer.Layer, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => group.First().Content, StringComparer.Ordinal);
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
}
