using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using ResizeLora.Compute;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>Gives the norms of a checkpoint's weights: from memory, from the cache, or computed, and then kept.</summary>
public sealed class BaseNormProvider
{
    // The spectral norms of image and language models lie between 0.1 and some thousands.
    private const double HighestPlausibleNorm = 1e5;

    private readonly Checkpoint checkpoint;
    private readonly NormCache cache;
    private readonly IGramOperatorFactory operators;
    private readonly int threads;
    private readonly Dictionary<string, BaseNorms> results = new(StringComparer.Ordinal);
    private readonly HashSet<string> computedHere = new(StringComparer.Ordinal);
    private readonly HashSet<string> reported = new(StringComparer.Ordinal);
    private Dictionary<BaseFile, NormCache.KnownNorms>? known;

    /// <summary>Prepares; nothing is read yet.</summary>
    /// <param name="checkpoint">The base model; stays the caller's.</param>
    /// <param name="cache">Where norms are kept between runs.</param>
    /// <param name="operators">What computes.</param>
    /// <param name="threads">How many layers are worked on at a time.</param>
    public BaseNormProvider(Checkpoint checkpoint, NormCache cache, IGramOperatorFactory operators, int threads)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        this.checkpoint = checkpoint;
        this.cache = cache;
        this.operators = operators;
        this.threads = threads;
    }

    /// <summary>After how many steps the iteration for a spectral norm gives up.</summary>
    internal int MaximumSteps { get; init; } = LanczosNorm.MaximumSteps;

    /// <summary>Gives the norms of some weights.</summary>
    /// <param name="weights">Weights of the base model.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work within a fraction of a second.</param>
    /// <returns>The norms by <see cref="BaseWeight.Name"/>.</returns>
    public IReadOnlyDictionary<string, BaseNorms> GetNorms(
        IEnumerable<BaseWeight> weights,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        known ??= checkpoint.Files.ToDictionary(static file => file, file => cache.Load(file.Identity, progress));
        BaseWeight[] asked = [.. weights.DistinctBy(static weight => weight.Name)];
        var wanted = new List<BaseWeight>();
        int cachedCount = 0;
        foreach (BaseWeight weight in asked.Where(weight => !results.ContainsKey(weight.Name)))
        {
            if (weight.File is { } file && known[file].Layers.TryGetValue(weight.Name, out NormCache.CachedNorm? cached))
            {
                results[weight.Name] = new BaseNorms(cached.Spectral, cached.Frobenius);
                cachedCount++;
            }
            else
            {
                wanted.Add(weight);
            }
        }

        if (cachedCount > 0)
        {
            progress?.Report(
                new EngineNote(
                    EngineNoteLevel.Verbose,
                    $"The norms of {cachedCount} base layers of '{checkpoint.Path}' were read from '{cache.Folder}'."
                )
            );
        }

        if (wanted.Count > 0)
        {
            ComputeMissing(wanted, progress, cancellationToken);
        }

        ReportImplausible(asked, progress);
        return results;
    }

    /// <summary>Gives the norms of some weights with what they belong to; what is not known is computed, and kept.</summary>
    /// <param name="weights">Weights of the checkpoint.</param>
    /// <param name="refresh">Whether kept norms are computed again and replaced.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work within a fraction of a second; what was computed is kept.</param>
    /// <returns>The norms in the order of the weights.</returns>
    internal IReadOnlyList<CheckpointNorm> Describe(
        IReadOnlyList<BaseWeight> weights,
        bool refresh,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        if (refresh)
        {
            known = checkpoint.Files.ToDictionary(static file => file, static _ => NormCache.KnownNorms.None);
            results.Clear();
        }

        IReadOnlyDictionary<string, BaseNorms> norms = GetNorms(weights, progress, cancellationToken);
        return
        [
            .. weights.Select(weight => new CheckpointNorm(
                checkpoint.Path,
                weight,
                norms[weight.Name],
                !computedHere.Contains(weight.Name)
            )),
        ];
    }

    private static string ContentOf(BaseWeight weight, ReadOnlySpan<byte> bytes)
    {
        string type = weight.IsQ8 ? GgufFormat.Q8 : TensorTypes.NameOf(weight.StoredType) + FactorOf(weight);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Convert.ToHexString(XxHash128.Hash(bytes))}-{type}-{weight.Rows}x{weight.Columns}"
        );
    }

    private static string FactorOf(BaseWeight weight) =>
        weight.StoredFactor is { } factor ? string.Create(CultureInfo.InvariantCulture, $" times {factor:R}") : string.Empty;

    private void ComputeMissing(List<BaseWeight> wanted, IProgress<EngineEvent>? progress, CancellationToken cancellationToken)
    {
        // Largest first, so that no thread is left alone with a large one at the end. Parts of one tensor come one after another, so that
        // the second finds it in the system's memory.
        BaseWeight[] ordered =
        [
            .. wanted.OrderByDescending(static weight => weight.ByteLength).ThenBy(static weight => weight.Tensor, StringComparer.Ordinal),
        ];
        var found = new ConcurrentDictionary<string, (BaseWeight Weight, NormCache.CachedNorm Norm)>(StringComparer.Ordinal);
        var uncertain = new ConcurrentDictionary<string, (string Tensor, BaseNorms Norms)>(StringComparer.Ordinal);
        var computed = new ConcurrentBag<string>();
        int done = 0;
        try
        {
            // A shared pool would keep the largest weight for each thread.
            var buffers = new ConcurrentBag<byte[]>();
            void Measure(BaseWeight weight)
            {
                int length = (int)weight.StoredByteLength;
                using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(weight.MeasuringByteLength);
                if (!buffers.TryTake(out byte[]? buffer) || buffer.Length < length)
                {
                    buffer = GC.AllocateUninitializedArray<byte>(length);
                }

                try
                {
                    Memory<byte> bytes = buffer.AsMemory(0, length);
                    weight.ReadStored(bytes.Span);
                    string content = ContentOf(weight, bytes.Span);
                    if (!TryFindByContent(weight, content, out BaseNorms norms))
                    {
                        (norms, bool isAccurate) = Compute(weight, bytes, cancellationToken);
                        computed.Add(weight.Name);
                        if (!isAccurate)
                        {
                            uncertain[weight.Name] = (weight.Tensor, norms);
                        }
                    }

                    if (!uncertain.ContainsKey(weight.Name))
                    {
                        found[weight.Name] = (weight, new NormCache.CachedNorm(content, norms.Spectral, norms.Frobenius));
                    }

                    progress?.Report(new EngineProgress("Measuring the base model", Interlocked.Increment(ref done), wanted.Count));
                }
                finally
                {
                    buffers.Add(buffer);
                }
            }

            LayerWorkers.ForEach(ordered, threads, Measure, cancellationToken);
            long freed = buffers.Sum(static buffer => buffer.LongLength);
            buffers.Clear();
            LargeGarbage.Add(freed);
        }
        finally
        {
            // What a cancelled run has computed is not computed again; what was read of two contents is not kept at all.
            Keep(found.Values, progress);
        }

        checkpoint.RequireUnchanged();
        foreach ((string name, (_, NormCache.CachedNorm norm)) in found)
        {
            results[name] = new BaseNorms(norm.Spectral, norm.Frobenius);
        }

        foreach ((string name, (_, BaseNorms norms)) in uncertain)
        {
            results[name] = norms;
        }

        computedHere.UnionWith(computed);
        ReportUncertain(uncertain.Values.Select(static weight => weight.Tensor), progress);
        if (!found.IsEmpty)
        {
            int computedCount = computed.Count - uncertain.Count;
            string how = computedCount == 0 ? "found by their content" : $"computed ({computedCount} of {found.Count})";
            progress?.Report(
                new EngineNote(
                    EngineNoteLevel.Verbose,
                    $"The norms of {found.Count} base layers of '{checkpoint.Path}' were {how} and are kept in '{cache.Folder}'."
                )
            );
        }
    }

    private bool TryFindByContent(BaseWeight weight, string content, out BaseNorms norms)
    {
        norms = default;
        return weight.File is { } file && known![file].ByContent.TryGetValue(content, out norms);
    }

    private void Keep(IEnumerable<(BaseWeight Weight, NormCache.CachedNorm Norm)> found, IProgress<EngineEvent>? progress)
    {
        foreach (
            IGrouping<BaseFile?, (BaseWeight Weight, NormCache.CachedNorm Norm)> group in found.GroupBy(static entry => entry.Weight.File)
        )
        {
            if (group.Key is { } file && !file.Source.HasChanged())
            {
                cache.Save(
                    file.Identity,
                    group.ToDictionary(static entry => entry.Weight.Name, static entry => entry.Norm, StringComparer.Ordinal),
                    progress
                );
            }
        }
    }

    // Weights that are all zero, or thousands of times larger than any model's, are signs of a scale that was lost or a damaged file.
    private void ReportImplausible(BaseWeight[] weights, IProgress<EngineEvent>? progress)
    {
        BaseWeight[] implausible =
        [
            .. weights.Where(weight => reported.Add(weight.Name) && results[weight.Name].Spectral is 0 or > HighestPlausibleNorm),
        ];
        NameSummary.Warn(
            progress,
            checkpoint.Path,
            "weights that no model has, so that scores against them say nothing; the file may be damaged, or its scales are lost",
            "weight",
            [.. implausible.Select(static weight => weight.Tensor)],
            [
                .. implausible.Select(weight =>
                    results[weight.Name].Spectral == 0 ? "all zero" : $"σmax {Shown(results[weight.Name].Spectral)}"
                ),
            ]
        );
    }

    private static string Shown(double norm) => norm.ToString("g3", CultureInfo.InvariantCulture);

    private void ReportUncertain(IEnumerable<string> tensors, IProgress<EngineEvent>? progress)
    {
        string[] names = tensors.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (names.Length > 0)
        {
            progress?.Report(
                new EngineNote(
                    EngineNoteLevel.Warning,
                    $"'{checkpoint.Path}': the spectral norm of {NameSummary.Sample(names)} "
                        + "did not become as accurate as is promised; the estimate is used, but not kept for later runs."
                )
            );
        }
    }

    private (BaseNorms Norms, bool IsAccurate) Compute(BaseWeight weight, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        IGramOperator gram = operators.Create(weight, bytes);
        using (gram as IDisposable)
        {
            (BaseNorms norms, bool isAccurate) = LanczosNorm.Compute(gram, cancellationToken, MaximumSteps);
            double factor = Math.Abs(weight.StoredFactor ?? 1f);
            return double.IsFinite(norms.Frobenius) && double.IsFinite(norms.Spectral)
                ? (new BaseNorms(norms.Spectral * factor, norms.Frobenius * factor), isAccurate)
                : throw new CheckpointException(
                    checkpoint.Path,
                    "NotFinite",
                    $"'{checkpoint.Path}': the weight '{weight.Tensor}' holds NaN or infinity."
                );
        }
    }
}
