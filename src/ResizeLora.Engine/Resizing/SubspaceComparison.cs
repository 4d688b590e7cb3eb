using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Sessions;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>
/// |uᵢᵀ W vᵢ| of the layers of one file or of several. To read and decode W costs as much as a product of rank 32 with it, so that files
/// over one base model share that.
/// </summary>
public static class SubspaceComparison
{
    /// <summary>
    /// The singular vectors that are compared with W at a time. More would save little, and all files wait until so many have come.
    /// </summary>
    public const int MostVectors = 512;

    // Of higher ranks the product takes far longer than what is shared, and what is kept of them would not fit into memory together.
    private const int LeastFiles = 8;

    /// <summary>Whether a file's layers are worth comparing together with those of others.</summary>
    /// <param name="layers">The layers.</param>
    public static bool IsWorthSharing(IReadOnlyList<LayerSpectrum> layers) =>
        layers.Any(static layer => layer.BaseFrobeniusNorm is not null) && LeastFiles * CountVectors(layers) <= MostVectors;

    /// <summary>The most singular vectors that one of a file's layers has.</summary>
    /// <param name="layers">The layers.</param>
    public static int CountVectors(IReadOnlyList<LayerSpectrum> layers) => layers.Max(static layer => layer.SingularValues.Length);

    /// <summary>Compares all layers with a base weight, so that recipes that weigh the subspace have its scales at hand.</summary>
    /// <param name="jobs">Files of one session; those without a base model are left as they are.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="AdapterException">A result is not a finite number.</exception>
    public static void Run(IReadOnlyList<ResizeJob> jobs, IProgress<EngineEvent>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        Run([.. jobs.SelectMany(static job => job.Layers.Select(layer => (job, layer)))], progress, cancellationToken);
    }

    /// <summary>Compares some layers, as far as they have a base weight and were not compared before.</summary>
    /// <param name="layers">The layers with their files.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal static void Run(
        IReadOnlyList<(ResizeJob Job, LayerSpectrum Layer)> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        // Largest first, so that no thread is left alone with a large one at the end.
        (ComparedLayer[] Layers, double[][] Scales)[] groups =
        [
            .. layers
                .Where(static pair => pair.Layer.BaseFrobeniusNorm is not null && pair.Job.SubspaceScalesOf(pair.Layer.Layer) is null)
                .Select(static pair => (pair.Job, pair.Layer, Base: pair.Job.Session.BaseFor(pair.Job.Adapter)))
                .Where(static found => found.Base is not null)
                .Select(static found => new ComparedLayer(found.Job, found.Layer, found.Base!, found.Base!.Find(found.Layer.Layer)!))
                .GroupBy(static compared => (compared.Base.Checkpoint, compared.Weight.Name))
                .SelectMany(static group => InPieces(group))
                .OrderByDescending(static group => (long)group[0].Weight.Rows * group[0].Weight.Columns)
                .Select(static group => (group, new double[group.Length][])),
        ];
        int done = 0;
        LayerWorkers.ForEach(
            groups,
            LayerThreads.Count,
            group =>
            {
                ComparedLayer first = group.Layers[0];
                SubspaceScales
                    .Compute(
                        Array.ConvertAll(group.Layers, static compared => (compared.Layer, compared.Job.Adapter)),
                        first.Weight,
                        first.Job.Session.Layers
                    )
                    .CopyTo(group.Scales, 0);
                progress?.Report(
                    new EngineProgress("Comparing subspaces with the base model", Interlocked.Increment(ref done), groups.Length)
                );
            },
            cancellationToken
        );
        foreach (ComparedLayer compared in groups.Select(static group => group.Layers[0]).DistinctBy(static compared => compared.Base))
        {
            compared.Job.Session.WarnOfMemory(progress);
            compared.Base.Checkpoint.RequireUnchanged();
        }

        foreach ((ComparedLayer compared, double[] scales) in groups.SelectMany(static group => group.Layers.Zip(group.Scales)))
        {
            compared.Job.TakeSubspaceScales(compared.Layer.Layer, scales);
        }
    }

    // As many vectors at a time as one file of a high rank may have; an only layer has what it has.
    private static IEnumerable<ComparedLayer[]> InPieces(IEnumerable<ComparedLayer> group)
    {
        var piece = new List<ComparedLayer>();
        foreach (ComparedLayer compared in group)
        {
            if (piece.Count > 0 && piece.Append(compared).Sum(static one => one.Layer.SingularValues.Length) > MostVectors)
            {
                yield return [.. piece];
                piece.Clear();
            }

            piece.Add(compared);
        }

        yield return [.. piece];
    }

    private sealed record ComparedLayer(ResizeJob Job, LayerSpectrum Layer, AdapterBase Base, BaseWeight Weight);
}
