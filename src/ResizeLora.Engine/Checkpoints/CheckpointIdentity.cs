using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>
/// What tells one checkpoint from another without reading all of it. <see cref="Structure"/> is the hash of the header: two
/// files of one structure may hold different weights. <see cref="Sample"/> adds a small file's content, and of a large one
/// its place on the disk, size, times, and blocks sampled all over it: while that stays the same, the file is unchanged, as
/// the system keeps the change time itself; once it differs, weights are compared by their full content, one by one.
/// </summary>
/// <param name="Structure">32 hexadecimal digits.</param>
/// <param name="Sample">32 hexadecimal digits.</param>
/// <param name="IsCertain">
/// Whether an equal sample means equal content. It does not where the system tells no change time, or the file was changed
/// this moment: then every weight is compared by its content.
/// </param>
internal sealed record CheckpointIdentity(string Structure, string Sample, bool IsCertain)
{
    private const int BlockLength = 4096;
    private const int BlockCount = 512;

    // What is read in a moment is read whole.
    private const long SampledFrom = 64 << 20;

    public static CheckpointIdentity Of(SafetensorsFile file)
    {
        var structure = new XxHash128();
        foreach (TensorEntry tensor in file.Header.Tensors)
        {
            structure.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{tensor.Name}|{tensor.Type}|{tensor.ShapeText}|{tensor.Start}\n")));
        }

        var sample = new XxHash128();
        sample.Append(structure.GetCurrentHash());
        bool readWhole = DataLengthOf(file) < SampledFrom;
        if (!readWhole)
        {
            AppendStamp(sample, file.Stamp);
        }

        AppendBlocks(sample, file, readWhole);
        return new CheckpointIdentity(
            Convert.ToHexString(structure.GetCurrentHash()), Convert.ToHexString(sample.GetCurrentHash()), readWhole || file.Stamp.IsSettled(DateTime.UtcNow));
    }

    private static long DataLengthOf(SafetensorsFile file) => file.Header.Tensors.Count == 0 ? 0 : file.Header.Tensors[^1].End;

    private static void AppendStamp(XxHash128 sample, FileStamp stamp)
    {
        (ulong volume, UInt128 identifier) = stamp.Identifier ?? default;
        Span<byte> bytes = stackalloc byte[6 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, stamp.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], stamp.LastWriteTime.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], stamp.ChangeTime?.Ticks ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], volume);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[32..], identifier);
        sample.Append(bytes);
    }

    // Evenly spread blocks, or all of them.
    private static void AppendBlocks(XxHash128 sample, SafetensorsFile file, bool whole)
    {
        byte[] block = new byte[BlockLength];
        IReadOnlyList<TensorEntry> tensors = file.Header.Tensors;
        long dataLength = DataLengthOf(file);
        long stride = whole ? BlockLength : dataLength / BlockCount;
        int index = 0;
        for (long position = 0; position < dataLength; position += stride)
        {
            while (tensors[index].End <= position)
            {
                index++;
            }

            // A block that reaches over the end of a tensor goes on in the next one.
            long remaining = Math.Min(BlockLength, dataLength - position);
            for (int current = index; remaining > 0; current++)
            {
                long offset = Math.Max(0, position - tensors[current].Start);
                int count = (int)Math.Min(remaining, tensors[current].ByteLength - offset);
                file.Read(tensors[current], block.AsSpan(0, count), offset);
                sample.Append(block.AsSpan(0, count));
                remaining -= count;
            }
        }
    }
}
