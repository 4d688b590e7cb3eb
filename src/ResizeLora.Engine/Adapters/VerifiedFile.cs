using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// The tensors of a LoRA file, each known by its content from the first time it is read whole: a later read that brings other
/// bytes is an error. So what was decomposed is what is written, whatever the file's times say.
/// </summary>
internal sealed class VerifiedFile : ITensorFile
{
    private readonly ITensorFile file;

    public VerifiedFile(ITensorFile file)
    {
        this.file = file;
    }

    /// <inheritdoc/>
    public string Path => file.Path;

    /// <inheritdoc/>
    public long Length => file.Length;

    /// <inheritdoc/>
    public DateTime LastWriteTime => file.LastWriteTime;

    /// <inheritdoc/>
    public SafetensorsHeader Header => file.Header;

    /// <summary>What is known of the tensors' content.</summary>
    public TensorHashes Hashes { get; } = new();

    /// <inheritdoc/>
    public TensorEntry? Find(string name) => file.Find(name);

    /// <inheritdoc/>
    /// <exception cref="AdapterException">The tensor was read before and held something else.</exception>
    public void Read(TensorEntry tensor, Span<byte> destination, long offset = 0)
    {
        file.Read(tensor, destination, offset);
        if (offset == 0 && destination.Length == tensor.ByteLength)
        {
            Require(tensor, XxHash128.HashToUInt128(destination, SeedOf(tensor)));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="AdapterException">The tensor was read before and held something else.</exception>
    public byte[] Read(TensorEntry tensor)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.ByteLength));
        Read(tensor, bytes);
        return bytes;
    }

    /// <summary>Reads a whole tensor of any size.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="handle">Takes the pieces in their order.</param>
    /// <exception cref="AdapterException">The tensor was read before and held something else.</exception>
    public void ReadPieces(TensorEntry tensor, TensorPieces.Handler handle)
    {
        var hash = new XxHash128(SeedOf(tensor));
        TensorPieces.ReadAll(
            file,
            tensor,
            piece =>
            {
                hash.Append(piece);
                handle(piece);
            }
        );
        Require(tensor, hash.GetCurrentHashAsUInt128());
    }

    /// <summary>Requires of a tensor what was read of it from another opening of the file.</summary>
    /// <param name="tensor">The tensor, as it is in this file.</param>
    /// <param name="earlier">What was known then.</param>
    /// <exception cref="AdapterException">The tensor has been read here and holds something else.</exception>
    public void Expect(TensorEntry tensor, TensorHashes earlier)
    {
        if (earlier.Find(tensor) is { } hash)
        {
            Require(tensor, hash);
        }
    }

    /// <inheritdoc/>
    public bool HasChanged() => file.HasChanged();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Require(TensorEntry tensor, UInt128 hash)
    {
        if (!Hashes.Agree(tensor, hash))
        {
            throw AdapterException.Stale(Path, LayerOf(tensor));
        }
    }

    // A computed factor is called by its layer and its part.
    private static string LayerOf(TensorEntry tensor) =>
        AdapterTensorName.Parse(tensor.Name)?.Layer ?? tensor.Name.Split(FactorFile.NameDivider)[0];

    // The same bytes in another type or shape are another content.
    private static long SeedOf(TensorEntry tensor) =>
        (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{tensor.Type} {tensor.ShapeText}"));
}

/// <summary>The hashes of tensors that were read, by their names. Safe to use from several threads.</summary>
internal sealed class TensorHashes
{
    private readonly ConcurrentDictionary<string, UInt128> hashes = new(StringComparer.Ordinal);

    /// <summary>The names of the tensors that are copied unchanged, all of them hashed; null while they are not.</summary>
    public IReadOnlyList<string>? OtherTensors { get; set; }

    /// <summary>The hash of a tensor, or null.</summary>
    /// <param name="tensor">The tensor.</param>
    public UInt128? Find(TensorEntry tensor) => hashes.TryGetValue(tensor.Name, out UInt128 hash) ? hash : null;

    /// <summary>A key of what a layer means, 16 hexadecimal digits; null where its factors were not read.</summary>
    /// <param name="layer">The layer.</param>
    public string? ContentOf(AdapterLayer layer)
    {
        UInt128?[] known = [.. layer.FactorTensors.Select(Find)];
        if (Array.Exists(known, static hash => hash is null))
        {
            return null;
        }

        string factors = string.Join(' ', known.Select(static hash => string.Create(CultureInfo.InvariantCulture, $"{hash!.Value:x32}")));
        byte[] meaning = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{factors} {layer.Scale:R}"));
        return XxHash3.HashToUInt64(meaning).ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>Keeps a hash, or compares it with the one that is known.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="hash">Its hash.</param>
    /// <returns>Whether it is the same.</returns>
    public bool Agree(TensorEntry tensor, UInt128 hash) => hashes.GetOrAdd(tensor.Name, hash) == hash;
}
