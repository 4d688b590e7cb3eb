using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Numerics;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>
/// The validated header of a GGUF file: magic, version, counts, key-value pairs, and for each tensor its name, dimensions (innermost
/// first), format and offset.
/// </summary>
internal sealed class GgufHeader
{
    private const uint Magic = 0x46554747;
    private const int MostDimensions = 8;
    private const int DeepestArray = 8;
    private const int LeastPairLength = sizeof(ulong) + sizeof(uint) + 1;
    private const int LeastTensorLength = sizeof(ulong) + sizeof(uint) + sizeof(uint) + sizeof(ulong);
    private const string AlignmentKey = "general.alignment";
    private const string KeptKeys = "general.";

    // ComfyUI-GGUF stores a tensor whose rows are not whole blocks as rows of 256, and its true shape under this key and its name.
    private const string ShapeKeys = "comfy.gguf.orig_shape.";

    private readonly GgufHeaderReader reader;
    private readonly string path;
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> shapes = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Type)> unsupported = [];
    private readonly List<GgufTensor> tensors = [];
    private uint alignment = 32;

    private GgufHeader(GgufHeaderReader reader, string path)
    {
        this.reader = reader;
        this.path = path;
    }

    private enum ValueType : uint
    {
        UInt8,
        Int8,
        UInt16,
        Int16,
        UInt32,
        Int32,
        Float32,
        Bool,
        Text,
        Array,
        UInt64,
        Int64,
        Float64,
    }

    /// <summary>The tensors that can be read, in the order of the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors => tensors;

    /// <summary>Names and formats of the tensors that cannot be read.</summary>
    public IReadOnlyList<(string Name, string Type)> Unsupported => unsupported;

    /// <summary>The texts that describe the model.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Reads and validates a header.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="length">Its size in bytes.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="GgufException">The header breaks a rule of the format.</exception>
    public static GgufHeader Read(SafeFileHandle handle, long length, string path)
    {
        var header = new GgufHeader(new GgufHeaderReader(handle, length, path), path);
        header.ReadAll(length);
        return header;
    }

    private void ReadAll(long length)
    {
        if (length < sizeof(uint) || reader.ReadUInt32() != Magic)
        {
            throw new GgufException(path, GgufDefect.NotGguf, "it does not begin with GGUF. It is of another kind, or damaged.");
        }

        ValidateVersion(reader.ReadUInt32());
        long tensorCount = reader.ReadCount(LeastTensorLength);
        long pairCount = reader.ReadCount(LeastPairLength);
        ReadPairs(pairCount);
        List<Stored> found = ReadTensors(tensorCount);
        long dataStart = AlignUp(reader.Position);
        found.Sort(static (left, right) => (left.Offset, left.End).CompareTo((right.Offset, right.End)));
        Place(found, dataStart, length);
    }

    private void ValidateVersion(uint version)
    {
        if (version is 2 or 3)
        {
            return;
        }

        if (BinaryPrimitives.ReverseEndianness(version) is >= 1 and <= ushort.MaxValue)
        {
            throw new GgufException(path, GgufDefect.BigEndian, "it was made for big-endian machines. Use the usual, little-endian file.");
        }

        string detail = $"it is of version {version} of the format; 2 and 3 can be read. Make or download it anew.";
        throw new GgufException(path, GgufDefect.UnsupportedVersion, detail);
    }

    private void ReadPairs(long count)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (long index = 0; index < count; index++)
        {
            string key = reader.ReadName();
            if (!keys.Add(key))
            {
                throw Invalid($"its header gives the key '{key}' twice.");
            }

            var type = (ValueType)reader.ReadUInt32();
            if (key == AlignmentKey)
            {
                ReadAlignment(type);
            }
            else if (type == ValueType.Text && key.StartsWith(KeptKeys, StringComparison.Ordinal))
            {
                KeepText(key);
            }
            else if (type == ValueType.Array && key.StartsWith(ShapeKeys, StringComparison.Ordinal))
            {
                KeepShape(key[ShapeKeys.Length..]);
            }
            else
            {
                SkipValue(type, 0);
            }
        }
    }

    private void ReadAlignment(ValueType type)
    {
        if (type != ValueType.UInt32)
        {
            throw Invalid("its alignment is not a 32-bit number.");
        }

        alignment = reader.ReadUInt32();
        if (!BitOperations.IsPow2(alignment))
        {
            throw Invalid($"its alignment of {alignment} is not a power of two.");
        }
    }

    private void KeepText(string key)
    {
        ulong length = reader.ReadUInt64();
        if (length <= GgufHeaderReader.LongestName)
        {
            metadata.Add(key, Encoding.UTF8.GetString(reader.Take((int)length)));
        }
        else
        {
            reader.Skip(length, 1);
        }
    }

    // A shape that is not an array of a few integers is passed over, as one that has another count of elements is later.
    private void KeepShape(string name)
    {
        var type = (ValueType)reader.ReadUInt32();
        ulong count = reader.ReadUInt64();
        if (type is not (ValueType.Int32 or ValueType.UInt32 or ValueType.Int64 or ValueType.UInt64) || count > MostDimensions)
        {
            SkipArray(type, count, 0);
            return;
        }

        long[] shape = new long[count];
        for (int index = 0; index < shape.Length; index++)
        {
            shape[index] = SizeOf(type) == sizeof(uint) ? (int)reader.ReadUInt32() : (long)reader.ReadUInt64();
        }

        shapes.Add(name, shape);
    }

    private void SkipValue(ValueType type, int depth)
    {
        switch (type)
        {
            case ValueType.Text:
                reader.Skip(reader.ReadUInt64(), 1);
                break;
            case ValueType.Array:
                var elementType = (ValueType)reader.ReadUInt32();
                SkipArray(elementType, reader.ReadUInt64(), depth);
                break;
            default:
                reader.Skip(1, SizeOf(type));
                break;
        }
    }

    private void SkipArray(ValueType type, ulong count, int depth)
    {
        if (depth == DeepestArray)
        {
            throw Invalid("its header nests arrays too deeply.");
        }

        if (type is not (ValueType.Text or ValueType.Array))
        {
            reader.Skip(count, SizeOf(type));
            return;
        }

        // Each element takes bytes, so a count that the file has no room for ends at the end of the file.
        for (ulong index = 0; index < count; index++)
        {
            SkipValue(type, depth + 1);
        }
    }

    private int SizeOf(ValueType type) =>
        type switch
        {
            ValueType.UInt8 or ValueType.Int8 or ValueType.Bool => 1,
            ValueType.UInt16 or ValueType.Int16 => 2,
            ValueType.UInt32 or ValueType.Int32 or ValueType.Float32 => 4,
            ValueType.UInt64 or ValueType.Int64 or ValueType.Float64 => 8,
            _ => throw Invalid($"its header has a value of the unknown type {(uint)type}."),
        };

    private List<Stored> ReadTensors(long count)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var found = new List<Stored>();
        for (long index = 0; index < count; index++)
        {
            string name = reader.ReadName();
            if (!names.Add(name))
            {
                throw new GgufException(path, GgufDefect.DuplicateTensor, $"its header names '{name}' twice.");
            }

            uint dimensionCount = reader.ReadUInt32();
            if (dimensionCount > MostDimensions)
            {
                throw Invalid($"tensor '{name}' has {dimensionCount} dimensions.");
            }

            // Innermost first in the file, outermost first here.
            long[] shape = new long[dimensionCount];
            for (int dimension = shape.Length - 1; dimension >= 0; dimension--)
            {
                ulong size = reader.ReadUInt64();
                shape[dimension] = size <= long.MaxValue ? (long)size : throw Overflow(name);
            }

            var format = GgufFormat.Of(reader.ReadUInt32());
            ulong offset = reader.ReadUInt64();
            if (offset % alignment != 0 || offset > long.MaxValue)
            {
                throw new GgufException(
                    path,
                    GgufDefect.InvalidOffset,
                    $"tensor '{name}' starts at byte {offset} of the data, which is no multiple of {alignment}."
                );
            }

            long byteLength = format.IsReadable ? ByteLengthOf(name, shape, format) : 0;
            long end = (long)offset <= long.MaxValue - byteLength ? (long)offset + byteLength : throw Overflow(name);
            found.Add(new Stored(name, shape, format, (long)offset, end));
        }

        return found;
    }

    private long ByteLengthOf(string name, long[] shape, GgufFormat format)
    {
        long rowLength = shape.Length == 0 ? 1 : shape[^1];
        if (rowLength % format.BlockLength != 0)
        {
            string detail = $"tensor '{name}' of type {format.Name} has rows of {rowLength} numbers, no multiple of {format.BlockLength}.";
            throw new GgufException(path, GgufDefect.PartialBlock, detail);
        }

        try
        {
            return checked(ProductOf(shape) / format.BlockLength * format.BlockByteLength);
        }
        catch (OverflowException exception)
        {
            throw Overflow(name, exception);
        }
    }

    private void Place(List<Stored> found, long dataStart, long length)
    {
        long previousEnd = 0;
        long virtualEnd = 0;
        foreach (Stored tensor in found)
        {
            if (tensor.Offset < previousEnd)
            {
                string detail = $"tensor '{tensor.Name}' starts at byte {tensor.Offset} of the data and overlaps the one before it.";
                throw new GgufException(path, GgufDefect.InvalidOffset, detail);
            }

            long available = Math.Max(0, length - dataStart);
            if (tensor.End > available)
            {
                throw new GgufException(
                    path,
                    GgufDefect.Truncated,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"it is truncated: tensor '{tensor.Name}' goes {tensor.End - available:N0} bytes past its end. "
                            + $"The download or copy broke off; make it again."
                    )
                );
            }

            previousEnd = tensor.End;
            if (!tensor.Format.IsReadable)
            {
                unsupported.Add((tensor.Name, tensor.Format.Name));
                continue;
            }

            long byteLength = VirtualLengthOf(tensor, virtualEnd);
            var entry = new TensorEntry(tensor.Name, tensor.Format.Type, ShapeOf(tensor), virtualEnd, virtualEnd + byteLength);
            tensors.Add(new GgufTensor(entry, tensor.Format, dataStart + tensor.Offset));
            virtualEnd += byteLength;
        }
    }

    private long VirtualLengthOf(Stored tensor, long start)
    {
        long stored = tensor.End - tensor.Offset;
        if (tensor.Format.Decode is null)
        {
            return stored;
        }

        long blocks = stored / tensor.Format.BlockByteLength;
        long blockLength = sizeof(float) * tensor.Format.BlockLength;
        return blocks <= (long.MaxValue - start) / blockLength ? blocks * blockLength : throw Overflow(tensor.Name);
    }

    private ReadOnlyCollection<long> ShapeOf(Stored tensor)
    {
        bool isGiven = shapes.TryGetValue(tensor.Name, out long[]? shape) && HasCount(shape, ProductOf(tensor.Shape));
        return Array.AsReadOnly(isGiven ? shape! : tensor.Shape);
    }

    private static bool HasCount(long[] shape, long count)
    {
        try
        {
            return Array.TrueForAll(shape, static size => size >= 0) && ProductOf(shape) == count;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    private static long ProductOf(long[] shape) => shape.Aggregate(1L, static (product, size) => checked(product * size));

    private long AlignUp(long position) => (position + alignment - 1) / alignment * alignment;

    private GgufException Overflow(string name, Exception? cause = null) =>
        new(path, GgufDefect.SizeOverflow, $"the size of tensor '{name}' overflows 64 bits.", cause);

    private GgufException Invalid(string detail) => new(path, GgufDefect.InvalidHeader, detail);

    private readonly record struct Stored(string Name, long[] Shape, GgufFormat Format, long Offset, long End);
}
