namespace ResizeLora.Spectra;

/// <summary>
/// The decompositions that are kept in memory, whoever holds their layers: so many bytes together. What is not kept is found again from
/// the file. A file's layers are read and written in one order, so that the first ones stay; those of other files make room.
/// </summary>
/// <param name="mostBytes">How many bytes are kept together.</param>
internal sealed class DecompositionStore(long mostBytes)
{
    // A LoRA of rank 128 needs 129 MiB, a full SDXL LoHa of rank 16 504 MiB, of which most recipes write less than half.
    private const long SharedBytes = 256L << 20;

    // Weak, so that layers that nobody holds any more take theirs with them.
    private readonly List<(WeakReference<KeptDecomposition> Kept, WeakReference<object> Source, long Bytes)> entries = [];
    private readonly object gate = new();
    private long bytes;

    /// <summary>The store of this process.</summary>
    public static DecompositionStore Shared { get; } = new(SharedBytes);

    /// <summary>How many bytes are kept together.</summary>
    public long MostBytes => mostBytes;

    /// <summary>How many bytes are kept now.</summary>
    public long ByteLength
    {
        get
        {
            lock (gate)
            {
                Remove(static entry => !IsAlive(entry));
                return bytes;
            }
        }
    }

    /// <summary>Keeps a decomposition for as long as the answer lives, or until layers of another file need the room.</summary>
    /// <param name="decomposition">The decomposition.</param>
    /// <param name="source">What its layer and others of the same opening of a file have in common.</param>
    /// <returns>What holds it; null where there is no room.</returns>
    public KeptDecomposition? Keep(LayerDecomposition decomposition, object source)
    {
        long length = decomposition.ByteLength;
        if (length > mostBytes)
        {
            return null;
        }

        lock (gate)
        {
            if (bytes + length > mostBytes)
            {
                Remove(static entry => !IsAlive(entry));
                Remove(entry => bytes + length > mostBytes && !(entry.Source.TryGetTarget(out object? of) && ReferenceEquals(of, source)));
            }

            if (bytes + length > mostBytes)
            {
                return null;
            }

            var kept = new KeptDecomposition(decomposition);
            entries.Add((new WeakReference<KeptDecomposition>(kept), new WeakReference<object>(source), length));
            bytes += length;
            return kept;
        }
    }

    private static bool IsAlive((WeakReference<KeptDecomposition> Kept, WeakReference<object> Source, long Bytes) entry) =>
        entry.Kept.TryGetTarget(out _);

    private void Remove(Predicate<(WeakReference<KeptDecomposition> Kept, WeakReference<object> Source, long Bytes)> condition) =>
        entries.RemoveAll(entry =>
        {
            if (!condition(entry))
            {
                return false;
            }

            bytes -= entry.Bytes;
            if (entry.Kept.TryGetTarget(out KeptDecomposition? kept))
            {
                kept.Release();
            }

            return true;
        });
}

/// <summary>A decomposition that is kept until others need its room.</summary>
/// <param name="decomposition">The decomposition.</param>
internal sealed class KeptDecomposition(LayerDecomposition decomposition)
{
    private volatile LayerDecomposition? value = decomposition;

    /// <summary>The decomposition, or null when it is kept no more.</summary>
    public LayerDecomposition? Value => value;

    /// <summary>Lets it go.</summary>
    public void Release() => value = null;
}
