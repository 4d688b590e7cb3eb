using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Several LoRA files, read as if they were the one that holds their weighted sum.</summary>
internal sealed class MergedFile : ITensorFile
{
    private readonly IReadOnlyList<Adapter> adapters;
    private readonly Dictionary<string, TensorEntry> byName;
    private readonly Dictionary<string, IFactor> factors;
    private readonly Dictionary<string, byte[]> alphas;
    private readonly Dictionary<string, (ITensorFile File, TensorEntry Tensor)> copies;

    public MergedFile(
        string path,
        IReadOnlyList<Adapter> adapters,
        SafetensorsHeader header,
        Dictionary<string, IFactor> factors,
        Dictionary<string, byte[]> alphas,
        Dictionary<string, (ITensorFile File, TensorEntry Tensor)> copies
    )
    {
        Path = path;
        Header = header;
        this.adapters = adapters;
        this.factors = factors;
        this.alphas = alphas;
        this.copies = copies;
        Length = adapters.Sum(static adapter => adapter.File.Length);
        LastWriteTime = adapters.Max(static adapter => adapter.File.LastWriteTime);
        byName = header.Tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public DateTime LastWriteTime { get; }

    /// <inheritdoc/>
    public SafetensorsHeader Header { get; }

    /// <inheritdoc/>
    public TensorEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public void Read(TensorEntry tensor, Span<byte> destination, long offset = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, tensor.ByteLength);
        if (factors.TryGetValue(tensor.Name, out IFactor? factor))
        {
            FactorFile.Read(factor, destination, offset);
        }
        else if (alphas.TryGetValue(tensor.Name, out byte[]? alpha))
        {
            alpha.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
        else
        {
            (ITensorFile file, TensorEntry source) = copies[tensor.Name];
            file.Read(source, destination, offset);
        }
    }

    /// <inheritdoc/>
    public byte[] Read(TensorEntry tensor)
    {
        byte[] bytes = new byte[checked((int)tensor.ByteLength)];
        Read(tensor, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool HasChanged() => adapters.Any(static adapter => adapter.File.HasChanged());

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Adapter adapter in adapters)
        {
            adapter.Dispose();
        }
    }
}
