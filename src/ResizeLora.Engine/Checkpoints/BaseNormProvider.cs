using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>Gives the norms of a checkpoint's weights: from memory, from the cache, or computed, and then kept.</summary>
public sealed class BaseNormProvider
{
    private readonly Checkpoint checkpoint;
    private readonly NormCache cache;
    private readonly IGramOperatorFactory operators;
    private readonly int threads;
    private readonly Dictionary<string, BaseNorms> results = new(StringComparer.Ordinal);
    private readonly HashSet<string> computedHere = new(StringComparer.Ordinal);
    private NormCache.KnownNorms? known;

    /// <summary>Prepares; nothing is read yet but samples of the file.</summary>
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
        Identity = CheckpointIdentity.Of(checkpoint.File);
    }

    /// <summary>What tells the base model from others.</summary>
    internal CheckpointIdentity Identity { get; }

    /// <summary>After how many steps the iteration for a spectral norm gives up.</summary>
    internal int MaximumSteps { get; init; } = LanczosNorm.MaximumSteps;

    /// <summary>Gives the norms of some layers' weights.</summary>
    /// <param name="layers">LoRA layer names; those without a base weight are left out of the answer.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work within a fraction of a second.</param>
    public IReadOnlyDictionary<string, BaseNorms> GetNorms(
        IEnumerable<string> layers,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(layers);
        known ??= cache.Load(Identity, progress);
        var wanted = new List<BaseWeight>();
        int cachedCount = 0;
        foreach (string layer in layers.Distinct(StringComparer.Ordinal))
        {
            if (results.ContainsKey(layer) || checkpoint.Find(layer) is not { } weight)
            {
                continue;
            }

            if (known.Layers.TryGetValue(layer, out NormCache.CachedNorm? cached))
            {
                results[layer] = new BaseNorms(cached.Spectral, cached.Frobenius);
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
            known = NormCache.KnownNorms.None;
            results.Clear();
        }

        IReadOnlyDictionary<string, BaseNorms> norms = GetNorms(weights.Select(static weight => weight.Layer), progress, cancellationToken);
        return weights
            .Select(weight => new CheckpointNorm(checkpoint.Path, weight, norms[weight.Layer], !computedHere.Contains(weight.Layer)))
            .ToArray();
    }

    private static string ContentOf(BaseWeight weight, ReadOnlySpan<byte> bytes) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Convert.ToHexString(XxHash128.Hash(bytes))}-{TensorTypes.NameOf(weight.Tensor.Type)}-{weight.Rows}x{weight.Columns}"
        );

    private void ComputeMissing(List<BaseWeight> wanted, IProgress<EngineEvent>? progress, CancellationToken cancellationToken)
    {
        // Largest first, so that no thread is left alone with a large one at the end.
        wanted.Sort(static (left, right) => right.ByteLength.CompareTo(left.ByteLength));
        var found = new ConcurrentDictionary<string, NormCache.CachedNorm>(StringComparer.Ordinal);
        var uncertain = new ConcurrentDictionary<string, (string Tensor, BaseNorms Norms)>(StringComparer.Ordinal);
        var computed = new ConcurrentBag<string>();
        int done = 0;
        try
        {
            void Measure(BaseWeight weight)
            {
                byte[] buffer = ArrayPool<byte>.Shared.Rent((int)weight.ByteLength);
                try
                {
                    Memory<byte> bytes = buffer.AsMemory(0, (int)weight.ByteLength);
                    checkpoint.Read(weight, bytes.Span);
                    string content = ContentOf(weight, bytes.Span);
                    if (!known!.ByContent.TryGetValue(content, out BaseNorms norms))
                    {
                        (norms, bool isAccurate) = Compute(weight, bytes, cancellationToken);
                        computed.Add(weight.Layer);
                        if (!isAccurate)
                        {
                            uncertain[weight.Layer] = (weight.Tensor.Name, norms);
                        }
                    }

                    if (!uncertain.ContainsKey(weight.Layer))
                    {
                        found[weight.Layer] = new NormCache.CachedNorm(content, norms.Spectral, norms.Frobenius);
                    }

                    progress?.Report(new EngineProgress("Measuring the base model", Interlocked.Increment(ref done), wanted.Count));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }

            LayerWorkers.ForEach(wanted, threads, Measure, cancellationToken);
        }
        finally
        {
            // What a cancelled run has computed is not computed again; what was read of two contents is not kept at all.
            if (!found.IsEmpty && !checkpoint.File.HasChanged())
            {
                cache.Save(Identity, found, progress);
            }
        }

        checkpoint.RequireUnchanged();
        foreach ((string layer, NormCache.CachedNorm norm) in found)
        {
            results[layer] = new BaseNorms(norm.Spectral, norm.Frobenius);
        }

        foreach ((string layer, (_, BaseNorms norms)) in uncertain)
        {
            results[layer] = norms;
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

    private (BaseNorms Norms, bool IsAccurate) Compute(BaseWeight weight, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        IGramOperator gram = operators.Create(weight, bytes);
        using (gram as IDisposable)
        {
            (BaseNorms norms, bool isAccurate) = LanczosNorm.Compute(gram, cancellationToken, MaximumSteps);
            return double.IsFinite(norms.Frobenius) && double.IsFinite(norms.Spectral)
                ? (norms, isAccurate)
                : throw new CheckpointException(
                    checkpoint.Path,
                    "NotFinite",
                    $"'{checkpoint.Path}': the weight '{weight.Tensor.Name}' holds NaN or infinity."
                );
        }
    }
}
