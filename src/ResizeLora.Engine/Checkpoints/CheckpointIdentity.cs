using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>
/// What tells one checkpoint from another without reading all of it. <see cref="Structure"/> is the hash of the header: two
/// files of one structure may hold different weights. <see cref="Sample"/> adds size, time of change and blocks sampled all
/// over the file: while it stays the same, the file is taken to be unchanged; once it differs, weights are compared by their
/// full content, one by one.
/// </summary>
/// <param name="Structure">32 hexadecimal digits.</param>
/// <param name="Sample">32 hexadecimal digits.</param>
internal sealed record CheckpointIdentity(string Structure, string Sample)
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
        Span<byte> stamp = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(stamp, file.LastWriteTime.Ticks);
        sample.Append(stamp);
        BinaryPrimitives.WriteInt64LittleEndian(stamp, file.Length);
        sample.Append(stamp);
        sample.Append(structure.GetCurrentHash());
        AppendBlocks(sample, file);
        return new CheckpointIdentity(Convert.ToHexString(structure.GetCurrentHash()), Convert.ToHexString(sample.GetCurrentHash()));
    }

    // Evenly spread blocks.
    private static void AppendBlocks(XxHash128 sample, SafetensorsFile file)
    {
        byte[] block = new byte[BlockLength];
        IReadOnlyList<TensorEntry> tensors = file.Header.Tensors;
        long dataLength = tensors.Count == 0 ? 0 : tensors[^1].End;
        long stride = dataLength < SampledFrom ? BlockLength : dataLength / BlockCount;
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
