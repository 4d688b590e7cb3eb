using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>Reads the numbers and strings of a GGUF header one behind the other, never past the end of the file.</summary>
internal sealed class GgufHeaderReader(SafeFileHandle handle, long length, string path)
{
    /// <summary>The longest name, in bytes, that is read; the format's own limit for keys.</summary>
    public const int LongestName = ushort.MaxValue;

    // No vocabulary comes near it; it is the limit of the safetensors library too.
    private const long MaximumLength = SafetensorsHeader.MaximumLength;

    private readonly byte[] buffer = new byte[(int)Math.Min(LongestName, length)];
    private long bufferStart;
    private int bufferCount;

    /// <summary>The next byte that is read.</summary>
    public long Position { get; private set; }

    /// <summary>Reads a 32-bit number.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>Reads a 64-bit number.</summary>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Reads how many things follow; refuses more than the file has room for.</summary>
    /// <param name="leastByteLength">The fewest bytes that one of them can take.</param>
    public long ReadCount(int leastByteLength)
    {
        ulong count = ReadUInt64();
        Require(count, leastByteLength);
        return (long)count;
    }

    /// <summary>Reads bytes.</summary>
    /// <param name="count">How many; no more than <see cref="LongestName"/>.</param>
    /// <returns>The bytes, valid until the next call.</returns>
    public ReadOnlySpan<byte> Take(int count)
    {
        Require((ulong)count, 1);
        int offset = (int)Math.Min(Position - bufferStart, bufferCount);
        if (bufferCount - offset < count)
        {
            offset = 0;
            bufferStart = Position;
            bufferCount = (int)Math.Min(buffer.Length, length - Position);
            if (!HandleReads.TryFill(handle, buffer.AsSpan(0, bufferCount), Position))
            {
                throw new GgufException(path, GgufDefect.FileShrank, "it became shorter while it was read.");
            }
        }

        Position += count;
        return buffer.AsSpan(offset, count);
    }

    /// <summary>Passes over things of one size.</summary>
    /// <param name="count">How many.</param>
    /// <param name="byteLength">The size of each.</param>
    public void Skip(ulong count, int byteLength)
    {
        Require(count, byteLength);
        Position += (long)count * byteLength;
    }

    /// <summary>Reads the name of a key or of a tensor.</summary>
    public string ReadName()
    {
        ulong count = ReadUInt64();
        if (count > LongestName)
        {
            throw new GgufException(path, GgufDefect.InvalidHeader, $"a name in its header has {count} bytes; 65535 are allowed.");
        }

        ReadOnlySpan<byte> bytes = Take((int)count);
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new GgufException(path, GgufDefect.InvalidHeader, "a name in its header is not UTF-8 text.");
    }

    private void Require(ulong count, int byteLength)
    {
        if (count > (ulong)(MaximumLength - Position) / (ulong)byteLength)
        {
            string limit = string.Create(CultureInfo.InvariantCulture, $"{MaximumLength:N0}");
            throw new GgufException(path, GgufDefect.InvalidHeader, $"its header would take more than {limit} bytes.");
        }

        if ((long)count * byteLength > length - Position)
        {
            throw new GgufException(
                path,
                GgufDefect.Truncated,
                "it is truncated: it ends within its header. The download or copy broke off; make it again."
            );
        }
    }
}
