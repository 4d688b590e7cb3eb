using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ResizeLora.Files;

/// <summary>
/// Where every byte of a file to be written will lie: tensors ordered and aligned as the safetensors library writes them
/// (element type descending, then name by its UTF-8 bytes; header padded with spaces to eight bytes), so that the size is
/// known to the byte before anything is computed.
/// </summary>
public sealed class SafetensorsLayout
{
    private SafetensorsLayout(IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata, byte[] prefix)
    {
        Tensors = tensors;
        Metadata = metadata;
        Prefix = prefix;
        DataLength = tensors.Count == 0 ? 0 : tensors[^1].End;
    }

    /// <summary>The tensors in the order in which their data is written.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>The metadata, as it stands in the header.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The eight bytes of the header's length, and the header.</summary>
    public ReadOnlyMemory<byte> Prefix { get; }

    /// <summary>The number of bytes behind the header.</summary>
    public long DataLength { get; }

    /// <summary>The size of the whole file in bytes.</summary>
    public long FileLength => Prefix.Length + DataLength;

    /// <summary>Lays out a file.</summary>
    /// <param name="tensors">Name, type and shape of each tensor, in any order.</param>
    /// <param name="metadata">The metadata; left out of the header when empty.</param>
    public static SafetensorsLayout Create(
        IEnumerable<(string Name, TensorType Type, IReadOnlyList<long> Shape)> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(metadata);
        (string Name, TensorType Type, IReadOnlyList<long> Shape)[] ordered = tensors.ToArray();
        Array.Sort(
            ordered,
            static (left, right) => left.Type != right.Type ? right.Type.CompareTo(left.Type) : CompareAsUtf8(left.Name, right.Name)
        );

        var entries = new TensorEntry[ordered.Length];
        long position = 0;
        for (int index = 0; index < ordered.Length; index++)
        {
            (string name, TensorType type, IReadOnlyList<long> shape) = ordered[index];
            long byteLength =
                shape.Aggregate((long)TensorTypes.BitsOf(type), static (product, dimension) => checked(product * dimension)) / 8;
            entries[index] = new TensorEntry(name, type, shape, position, position + byteLength);
            position += byteLength;
        }

        return new SafetensorsLayout(entries, metadata, WritePrefix(entries, metadata));
    }

    /// <summary>The same tensors under other metadata.</summary>
    /// <param name="metadata">The metadata of the new layout.</param>
    public SafetensorsLayout WithMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return new SafetensorsLayout(Tensors, metadata, WritePrefix(Tensors, metadata));
    }

    private static byte[] WritePrefix(IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var json = new StringBuilder(tensors.Count * 128);
        json.Append('{');
        if (metadata.Count > 0)
        {
            HeaderText.AppendString(json, SafetensorsHeader.MetadataKey).Append(":{");
            string separator = string.Empty;
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.Append(separator);
                HeaderText.AppendString(json, key).Append(':');
                HeaderText.AppendString(json, value);
                separator = ",";
            }

            json.Append('}');
        }

        foreach (TensorEntry tensor in tensors)
        {
            json.Append(json.Length > 1 ? "," : string.Empty);
            HeaderText
                .AppendString(json, tensor.Name)
                .Append(":{\"dtype\":\"")
                .Append(TensorTypes.NameOf(tensor.Type))
                .Append("\",\"shape\":[")
                .AppendJoin(',', tensor.Shape)
                .Append(CultureInfo.InvariantCulture, $"],\"data_offsets\":[{tensor.Start},{tensor.End}]}}");
        }

        json.Append('}');
        int length = Encoding.UTF8.GetByteCount(json.ToString());
        int padded = (length + 7) & ~7;
        byte[] prefix = new byte[sizeof(ulong) + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)padded);
        Encoding.UTF8.GetBytes(json.ToString(), prefix.AsSpan(sizeof(ulong)));
        prefix.AsSpan(sizeof(ulong) + length).Fill((byte)' ');
        return prefix;
    }

    /// <summary>The order of names: by their UTF-8 bytes.</summary>
    /// <param name="left">A name.</param>
    /// <param name="right">Another.</param>
    internal static int CompareAsUtf8(string left, string right) =>
        // Ordinal order of UTF-16 differs only where surrogates meet characters above them.
        left.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') || right.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
            ? Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right))
            : string.CompareOrdinal(left, right);
}
