using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>A file that offers, beside its tensors, factors of layers as tensors of their own names.</summary>
internal sealed class FactorFile : ITensorFile
{
    /// <summary>What stands between a layer's name and its part in the name of a factor.</summary>
    public const char NameDivider = '\u0001';

    private readonly ITensorFile file;
    private readonly Dictionary<string, IFactor> factors = new(StringComparer.Ordinal);

    /// <summary>Offers a file's tensors, and no factors yet.</summary>
    /// <param name="file">The file, which belongs to this object.</param>
    public FactorFile(ITensorFile file)
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

    /// <summary>Offers a factor.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="part">What the factor is to the layer, such as <c>up</c>.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="shape">Its shape; the first dimension is its rows.</param>
    /// <returns>The factor as a tensor, of a name that no trainer writes.</returns>
    public TensorEntry Add(string layer, string part, IFactor factor, IReadOnlyList<long> shape)
    {
        string name = $"{layer}{NameDivider}{part}";
        factors[name] = factor;
        return new TensorEntry(name, factor.Type, shape, 0, (long)factor.Rows * factor.Columns * TensorTypes.BytesOf(factor.Type));
    }

    /// <summary>A tensor of the file as a factor.</summary>
    /// <param name="tensor">The tensor.</param>
    public IFactor Stored(TensorEntry tensor) => factors.GetValueOrDefault(tensor.Name) ?? new StoredFactor(file, tensor);

    /// <inheritdoc/>
    public TensorEntry? Find(string name) => file.Find(name);

    /// <inheritdoc/>
    public void Read(TensorEntry tensor, Span<byte> destination, long offset = 0)
    {
        if (factors.TryGetValue(tensor.Name, out IFactor? factor))
        {
            Read(factor, destination, offset);
        }
        else
        {
            file.Read(tensor, destination, offset);
        }
    }

    /// <inheritdoc/>
    public byte[] Read(TensorEntry tensor)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.ByteLength));
        Read(tensor, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool HasChanged() => file.HasChanged();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Reads any bytes of a factor.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="offset">The first of them.</param>
    internal static void Read(IFactor factor, Span<byte> destination, long offset)
    {
        long rowBytes = (long)factor.Columns * TensorTypes.BytesOf(factor.Type);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, factor.Rows * rowBytes);
        int first = (int)(offset / rowBytes);
        int count = (int)((offset + destination.Length + rowBytes - 1) / rowBytes) - first;
        if (offset == first * rowBytes && destination.Length == count * rowBytes)
        {
            factor.ReadRows(first, count, destination);
            return;
        }

        byte[] rows = GC.AllocateUninitializedArray<byte>(checked((int)(count * rowBytes)));
        factor.ReadRows(first, count, rows);
        rows.AsSpan((int)(offset - (first * rowBytes)), destination.Length).CopyTo(destination);
    }
}
