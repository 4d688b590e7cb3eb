using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace ResizeLora.Files;

/// <summary>Reads tensors piece by piece, all of them or samples, for hashes and copies.</summary>
internal static class TensorPieces
{
    /// <summary>The number of bytes in a sampled block.</summary>
    public const int BlockLength = 4096;

    private const int PieceLength = 4 << 20;

    /// <summary>Takes the next bytes.</summary>
    /// <param name="bytes">The bytes, valid during the call only.</param>
    internal delegate void Handler(ReadOnlySpan<byte> bytes);

    /// <summary>Reads a whole tensor of any size.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">One of its tensors.</param>
    /// <param name="handle">Takes the pieces in their order.</param>
    public static void ReadAll(ITensorFile file, TensorEntry tensor, Handler handle)
    {
        byte[] buffer = new byte[Math.Min(PieceLength, tensor.ByteLength)];
        for (long offset = 0; offset < tensor.ByteLength; offset += buffer.Length)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensor.ByteLength - offset));
            file.Read(tensor, piece, offset);
            handle(piece);
        }
    }

    /// <summary>Reads blocks that are spread evenly over the data of a file, or all of a small file's data.</summary>
    /// <param name="file">The file.</param>
    /// <param name="blockCount">How many blocks; data of no more than these is read whole.</param>
    /// <param name="handle">Takes the pieces in their order.</param>
    public static void ReadSample(ITensorFile file, int blockCount, Handler handle)
    {
        byte[] block = new byte[BlockLength];
        IReadOnlyList<TensorEntry> tensors = file.Header.Tensors;
        long dataLength = DataLengthOf(file);
        long stride = Math.Max(BlockLength, dataLength / blockCount);
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
                handle(block.AsSpan(0, count));
                remaining -= count;
            }
        }
    }

    /// <summary>The number of bytes that all tensors take.</summary>
    /// <param name="file">The file.</param>
    public static long DataLengthOf(ITensorFile file) => file.Header.Tensors.Count == 0 ? 0 : file.Header.Tensors[^1].End;

    /// <summary>Hashes what a header says of its tensors: names, types, shapes and places.</summary>
    /// <param name="header">The header.</param>
    /// <returns>16 bytes.</returns>
    public static byte[] HashStructure(SafetensorsHeader header)
    {
        var structure = new XxHash128();
        foreach (TensorEntry tensor in header.Tensors)
        {
            string line = string.Create(CultureInfo.InvariantCulture, $"{tensor.Name}|{tensor.Type}|{tensor.ShapeText}|{tensor.Start}\n");
            structure.Append(Encoding.UTF8.GetBytes(line));
        }

        return structure.GetCurrentHash();
    }
}
