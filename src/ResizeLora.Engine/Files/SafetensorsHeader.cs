using System.Globalization;
using System.Text.Json;

namespace ResizeLora.Files;

/// <summary>
/// A validated header: the tensors in the order of their data, and the metadata. The rules are those of the safetensors
/// library (<c>tensor.rs</c>): no holes, no overlaps, every byte of the data belongs to exactly one tensor.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>The longest header that is accepted, in bytes, as in the safetensors library.</summary>
    public const int MaximumLength = 100_000_000;

    /// <summary>The key under which the header keeps its metadata.</summary>
    public const string MetadataKey = "__metadata__";

    // A tensor's array of numbers is three levels deep; anything that needs more is not a header.
    private const int MaximumDepth = 8;

    private SafetensorsHeader(IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The tensors, in the order in which their data lies in the file.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>The metadata; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The header that a layout describes.</summary>
    /// <param name="layout">The layout.</param>
    internal static SafetensorsHeader Of(SafetensorsLayout layout) => new(layout.Tensors, layout.Metadata);

    /// <summary>The header that stands for the tensors of another format.</summary>
    /// <param name="tensors">The tensors, one behind the other.</param>
    /// <param name="metadata">The metadata.</param>
    internal static SafetensorsHeader Of(IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata) =>
        new(tensors, metadata);

    /// <summary>Parses and validates a header.</summary>
    /// <param name="json">The header's bytes, without the eight that give its length.</param>
    /// <param name="dataLength">The number of bytes behind the header.</param>
    /// <param name="path">The file, for the messages.</param>
    /// <exception cref="SafetensorsException">The header breaks a rule of the format.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string path)
    {
        if (!System.Text.Unicode.Utf8.IsValid(json))
        {
            throw new SafetensorsException(path, SafetensorsDefect.InvalidHeaderEncoding, "its header is not UTF-8 text.");
        }

        if (json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            string detail = "its header begins with a byte order mark, as a text editor writes it. Download it again.";
            throw new SafetensorsException(path, SafetensorsDefect.InvalidHeader, detail);
        }

        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw new SafetensorsException(path, SafetensorsDefect.InvalidHeader, "its header is not a JSON object.");
        }

        var tensors = new List<TensorEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        Dictionary<string, string>? metadata = null;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                if (!names.Add(name))
                {
                    throw new SafetensorsException(path, SafetensorsDefect.DuplicateTensor, $"its header names '{name}' twice.");
                }

                if (name == MetadataKey)
                {
                    metadata = ReadMetadata(ref reader, path);
                }
                else
                {
                    tensors.Add(ReadTensor(ref reader, name, path));
                }
            }

            // Reading on to the end makes the reader complain about anything but white space behind the object.
            while (reader.Read()) { }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new SafetensorsException(
                path,
                SafetensorsDefect.InvalidHeader,
                "its header is not valid JSON of the safetensors kind.",
                exception
            );
        }

        tensors.Sort(static (left, right) => left.Start != right.Start ? left.Start.CompareTo(right.Start) : left.End.CompareTo(right.End));
        ValidateOffsets(tensors, json.Length, dataLength, path);
        return new SafetensorsHeader(tensors, metadata ?? []);
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader, string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reader.TokenType == JsonTokenType.Null)
        {
            return metadata;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SafetensorsException(path, SafetensorsDefect.InvalidMetadata, "its metadata is not a JSON object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                string detail = $"its metadata value '{key}' is not a string; save it again with a program that writes text there.";
                throw new SafetensorsException(path, SafetensorsDefect.InvalidMetadata, detail);
            }

            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw new SafetensorsException(path, SafetensorsDefect.InvalidMetadata, $"its metadata names '{key}' twice.");
            }
        }

        return metadata;
    }

    private static TensorEntry ReadTensor(ref Utf8JsonReader reader, string name, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid(path, $"the entry of tensor '{name}' is not a JSON object.");
        }

        TensorType? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            reader.Read();
            switch (property)
            {
                case "dtype" when type is null:
                    string? typeName = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                    type = TensorTypes.TryParse(typeName, out TensorType known)
                        ? known
                        : throw new SafetensorsException(
                            path,
                            SafetensorsDefect.UnknownType,
                            $"tensor '{name}' has the unknown type '{typeName}'."
                        );
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, path);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, path);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Invalid(path, $"the entry of tensor '{name}' gives '{property}' twice.");
                default:
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is not [long start, long end])
        {
            throw Invalid(path, $"the entry of tensor '{name}' lacks its type, shape or two offsets.");
        }

        if (end < start)
        {
            throw new SafetensorsException(
                path,
                SafetensorsDefect.InvalidOffset,
                $"the offsets of tensor '{name}' are reversed ({start} to {end})."
            );
        }

        ValidateSize(name, type.Value, shape, end - start, path);
        return new TensorEntry(name, type.Value, shape.AsReadOnly(), start, end);
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string path)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Invalid(path, $"the shape or offsets of tensor '{name}' are not an array.");
        }

        var numbers = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number)
            {
                throw Invalid(path, $"the shape or offsets of tensor '{name}' hold something that is not a number.");
            }

            if (!reader.TryGetInt64(out long number))
            {
                throw new SafetensorsException(
                    path,
                    SafetensorsDefect.SizeOverflow,
                    $"the shape or offsets of tensor '{name}' hold a number that is not a 64-bit integer."
                );
            }

            numbers.Add(number >= 0 ? number : throw Invalid(path, $"the shape or offsets of tensor '{name}' hold a negative number."));
        }

        return numbers;
    }

    private static void ValidateSize(string name, TensorType type, List<long> shape, long byteLength, string path)
    {
        long bits;
        try
        {
            bits = checked(TensorTypes.BitsOf(type) * shape.Aggregate(1L, static (product, dimension) => checked(product * dimension)));
        }
        catch (OverflowException exception)
        {
            throw new SafetensorsException(
                path,
                SafetensorsDefect.SizeOverflow,
                $"the size of tensor '{name}' overflows 64 bits.",
                exception
            );
        }

        if (bits % 8 != 0 || bits / 8 != byteLength)
        {
            string detail =
                $"tensor '{name}' of type {TensorTypes.NameOf(type)} and shape "
                + $"[{string.Join(", ", shape)}] does not take the {byteLength} bytes that its offsets give it.";
            throw new SafetensorsException(path, SafetensorsDefect.SizeMismatch, detail);
        }
    }

    private static void ValidateOffsets(List<TensorEntry> tensors, int headerLength, long dataLength, string path)
    {
        long expected = 0;
        foreach (TensorEntry tensor in tensors)
        {
            if (tensor.Start != expected)
            {
                string what = tensor.Start < expected ? "overlaps the tensor before it" : "leaves a hole before it";
                throw new SafetensorsException(
                    path,
                    SafetensorsDefect.InvalidOffset,
                    $"tensor '{tensor.Name}' starts at byte {tensor.Start} where {expected} is due: it {what}."
                );
            }

            expected = tensor.End;
        }

        if (expected > dataLength)
        {
            throw new SafetensorsException(
                path,
                SafetensorsDefect.Truncated,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it is truncated: of {(decimal)expected + headerLength + sizeof(ulong):N0} bytes {expected - dataLength:N0} are "
                        + $"missing. "
                        + $"The download or copy broke off; make it again."
                )
            );
        }

        if (expected < dataLength)
        {
            string detail = $"{dataLength - expected} bytes behind the last tensor belong to none. Download or copy it again.";
            throw new SafetensorsException(path, SafetensorsDefect.IncompleteData, detail);
        }
    }

    private static SafetensorsException Invalid(string path, string detail) => new(path, SafetensorsDefect.InvalidHeader, detail);
}
