using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>
/// An open safetensors file. Only the header is in memory; tensors are read on request, by explicit reads rather than a
/// mapping, because a mapped file that shrinks kills the process. Reads may come from several threads at once.
/// </summary>
public sealed class SafetensorsFile : ITensorFile
{
    private readonly SafeFileHandle handle;
    private readonly long dataStart;
    private readonly Dictionary<string, TensorEntry> byName;

    private SafetensorsFile(string path, SafeFileHandle handle, FileStamp stamp, long dataStart, SafetensorsHeader header)
    {
        Path = path;
        this.handle = handle;
        Stamp = stamp;
        this.dataStart = dataStart;
        Header = header;
        byName = header.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The size of the whole file in bytes.</summary>
    public long Length => Stamp.Length;

    /// <summary>The time of the last change when the file was opened.</summary>
    public DateTime LastWriteTime => Stamp.LastWriteTime;

    /// <summary>The validated header.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>What the file system said of the file when it was opened, before anything was read.</summary>
    internal FileStamp Stamp { get; }

    /// <summary>Opens a file and validates its header, before any memory is taken for more than the file holds.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="SafetensorsException">It is not a well-formed safetensors file.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);

        if (HandleReads.IsEmpty(path))
        {
            throw new SafetensorsException(path, SafetensorsDefect.Empty, "it has 0 bytes: it is empty, or a pipe or a device.");
        }

        SafeFileHandle handle = HandleReads.Open(path);
        try
        {
            var stamp = FileStamp.Of(handle);
            SafetensorsHeader header = ReadHeader(handle, path, out long length, out long dataStart);
            return new SafetensorsFile(path, handle, stamp with { Length = length }, dataStart, header);
        }
        catch (NotSupportedException exception)
        {
            handle.Dispose();
            throw new SafetensorsException(path, SafetensorsDefect.HeaderTooSmall, "it is no file but a pipe or a device.", exception);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor by its name.</summary>
    /// <param name="name">The exact name.</param>
    /// <returns>The tensor, or null.</returns>
    public TensorEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Reads a part of a tensor's bytes.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="destination">Where the bytes go; its length says how many.</param>
    /// <param name="offset">The first byte within the tensor.</param>
    /// <exception cref="SafetensorsException">The file shrank since it was opened.</exception>
    public void Read(TensorEntry tensor, Span<byte> destination, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, tensor.ByteLength);
        ReadExactly(handle, destination, dataStart + tensor.Start + offset, Path);
    }

    /// <summary>Reads a whole tensor into a new array.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    public byte[] Read(TensorEntry tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.ByteLength));
        Read(tensor, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool HasChanged()
    {
        var now = FileStamp.Of(handle);
        return now.Length != Length || now.LastWriteTime != LastWriteTime;
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    /// <summary>Reads and validates the header of an open file.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="length">The size of the file.</param>
    /// <param name="dataStart">Where its data begins.</param>
    /// <exception cref="SafetensorsException">It is not a well-formed safetensors file.</exception>
    internal static SafetensorsHeader ReadHeader(SafeFileHandle handle, string path, out long length, out long dataStart)
    {
        length = RandomAccess.GetLength(handle);
        byte[] json = ReadHeaderBytes(handle, length, path);
        dataStart = sizeof(ulong) + json.Length;
        return SafetensorsHeader.Parse(json, length - dataStart, path);
    }

    private static byte[] ReadHeaderBytes(SafeFileHandle handle, long length, string path)
    {
        byte[] start = new byte[Math.Min(length, sizeof(ulong) + 1)];
        ReadExactly(handle, start, 0, path);
        ulong headerLength = length < sizeof(ulong) ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (headerLength is < 2 or > SafetensorsHeader.MaximumLength || (long)headerLength > length - sizeof(ulong))
        {
            byte[] sample = new byte[Math.Min(length, ForeignContent.SampleLength)];
            ReadExactly(handle, sample, 0, path);
            throw Refuse(sample, length, headerLength, path);
        }

        byte[] json = GC.AllocateUninitializedArray<byte>((int)headerLength);
        ReadExactly(handle, json, sizeof(ulong), path);
        return json;
    }

    private static SafetensorsException Refuse(byte[] sample, long length, ulong headerLength, string path)
    {
        bool isLength = headerLength is >= 2 and <= SafetensorsHeader.MaximumLength;
        if (isLength && sample.Length > sizeof(ulong) && sample[sizeof(ulong)] == (byte)'{')
        {
            return new SafetensorsException(
                path,
                SafetensorsDefect.Truncated,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it is truncated: it has {length:N0} bytes, and its header alone takes {headerLength + sizeof(ulong):N0}. "
                        + $"The download or copy broke off; make it again."
                )
            );
        }

        if (ForeignContent.Recognise(sample, length) is { } content)
        {
            return new SafetensorsException(path, content.Defect, content.Text);
        }

        (SafetensorsDefect defect, string text) =
            length < sizeof(ulong)
                ? (SafetensorsDefect.HeaderTooSmall, $"it has {length} bytes, fewer than the eight that every such file begins with.")
            : isLength ? (SafetensorsDefect.HeaderPastEnd, "its header would go past its end.")
            : (SafetensorsDefect.InvalidHeaderLength, "it does not begin with the length of a header.");
        return new SafetensorsException(path, defect, $"{text} It is of another kind, or damaged; download or copy it again.");
    }

    private static void ReadExactly(SafeFileHandle handle, Span<byte> destination, long position, string path)
    {
        if (!HandleReads.TryFill(handle, destination, position))
        {
            throw new SafetensorsException(path, SafetensorsDefect.FileShrank, "it became shorter while it was read.");
        }
    }
}
