using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>
/// An open GGUF file, of ComfyUI-GGUF or llama.cpp. Quantised tensors look like tensors of single precision and are decoded as they
/// are read; plain ones are as they are stored. Reads may come from several threads at once.
/// </summary>
/// <remarks>
/// The positions in <see cref="Header"/> are those of the decoded tensors, one behind the other in the order of the file, and not
/// positions in the file.
/// </remarks>
public sealed class GgufFile : ITensorFile
{
    // What is decoded at once stays in the processor's cache.
    private const int PieceLength = 128 << 10;

    private const int LongestBlock = 256;

    private readonly SafeFileHandle handle;
    private readonly Dictionary<string, GgufTensor> byName;

    private GgufFile(string path, SafeFileHandle handle, FileStamp stamp, GgufHeader header)
    {
        Path = path;
        this.handle = handle;
        Stamp = stamp;
        Header = SafetensorsHeader.Of(header.Tensors.Select(static tensor => tensor.Entry).ToList().AsReadOnly(), header.Metadata);
        Unsupported = header.Unsupported;
        byName = header.Tensors.ToDictionary(static tensor => tensor.Entry.Name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public long Length => Stamp.Length;

    /// <inheritdoc/>
    public DateTime LastWriteTime => Stamp.LastWriteTime;

    /// <inheritdoc/>
    public SafetensorsHeader Header { get; }

    /// <summary>The tensors that are left out of the header because nothing here decodes their type, such as <c>IQ2_XXS</c>.</summary>
    public IReadOnlyList<(string Name, string Type)> Unsupported { get; }

    /// <summary>What the file system said of the file when it was opened, before anything was read.</summary>
    internal FileStamp Stamp { get; }

    /// <summary>Opens a file and validates its header, before any memory is taken for more than the file holds.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GgufException">It is not a well-formed GGUF file.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static GgufFile Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (HandleReads.IsEmpty(path))
        {
            throw new GgufException(path, GgufDefect.Empty, "it has 0 bytes: it is empty, or a pipe or a device.");
        }

        SafeFileHandle handle = HandleReads.Open(path);
        try
        {
            var stamp = FileStamp.Of(handle);
            return new GgufFile(path, handle, stamp, GgufHeader.Read(handle, stamp.Length, path));
        }
        catch (NotSupportedException exception)
        {
            handle.Dispose();
            throw new GgufException(path, GgufDefect.NotGguf, "it is no file but a pipe or a device.", exception);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public TensorEntry? Find(string name) => byName.GetValueOrDefault(name)?.Entry;

    /// <inheritdoc/>
    /// <exception cref="GgufException">The file shrank since it was opened.</exception>
    public void Read(TensorEntry tensor, Span<byte> destination, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.ByteLength - offset);
        GgufTensor stored = byName[tensor.Name];
        if (stored.Format.Decode is { } decode)
        {
            ReadBlocks(stored, decode, destination, offset);
        }
        else
        {
            Fill(destination, stored.Position + offset);
        }
    }

    /// <inheritdoc/>
    public byte[] Read(TensorEntry tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.ByteLength));
        Read(tensor, bytes);
        return bytes;
    }

    /// <summary>How a tensor is stored.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    internal GgufFormat FormatOf(TensorEntry tensor) => byName[tensor.Name].Format;

    /// <summary>Reads a part of a tensor's bytes as they are stored.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="destination">Where the bytes go; its length says how many.</param>
    /// <param name="offset">The first byte, counted from the tensor's first in the file.</param>
    /// <exception cref="GgufException">The file shrank since it was opened.</exception>
    internal void ReadStored(TensorEntry tensor, Span<byte> destination, long offset) =>
        Fill(destination, byName[tensor.Name].Position + offset);

    /// <inheritdoc/>
    public bool HasChanged()
    {
        var now = FileStamp.Of(handle);
        return now.Length != Length || now.LastWriteTime != LastWriteTime;
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private void ReadBlocks(GgufTensor stored, GgufBlocks.Decoder decode, Span<byte> destination, long offset)
    {
        int blockBytes = stored.Format.BlockByteLength;
        int decodedBytes = stored.Format.BlockLength * sizeof(float);
        long position = stored.Position + (offset / decodedBytes * blockBytes);
        int skipped = (int)(offset % decodedBytes);
        long blockCount = ((long)skipped + destination.Length + decodedBytes - 1) / decodedBytes;
        int pieceCount = (int)Math.Min(blockCount, PieceLength / blockBytes);
        byte[] piece = ArrayPool<byte>.Shared.Rent(pieceCount * blockBytes);
        try
        {
            for (; blockCount > 0; blockCount -= pieceCount)
            {
                pieceCount = (int)Math.Min(blockCount, pieceCount);
                Span<byte> blocks = piece.AsSpan(0, pieceCount * blockBytes);
                Fill(blocks, position);
                position += blocks.Length;
                destination = destination[Decode(stored.Format, decode, blocks, skipped, destination)..];
                skipped = 0;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    // Decodes blocks into bytes, leaving out the first bytes of the first block; returns how many bytes were written.
    private static int Decode(GgufFormat format, GgufBlocks.Decoder decode, ReadOnlySpan<byte> blocks, int skipped, Span<byte> destination)
    {
        Span<float> single = stackalloc float[LongestBlock];
        single = single[..format.BlockLength];
        int written = 0;
        for (; !blocks.IsEmpty; blocks = blocks[format.BlockByteLength..])
        {
            ReadOnlySpan<byte> block = blocks[..format.BlockByteLength];
            Span<byte> target = destination[written..];
            if (skipped == 0 && target.Length >= single.Length * sizeof(float))
            {
                decode(block, MemoryMarshal.Cast<byte, float>(target)[..single.Length]);
                written += single.Length * sizeof(float);
                continue;
            }

            // The first block or the last, of which a part is asked for.
            decode(block, single);
            ReadOnlySpan<byte> part = MemoryMarshal.AsBytes(single)[skipped..];
            part = part[..Math.Min(part.Length, target.Length)];
            part.CopyTo(target);
            written += part.Length;
            skipped = 0;
        }

        return written;
    }

    private void Fill(Span<byte> destination, long position)
    {
        if (!HandleReads.TryFill(handle, destination, position))
        {
            throw new GgufException(Path, GgufDefect.FileShrank, "it became shorter while it was read.");
        }
    }
}
