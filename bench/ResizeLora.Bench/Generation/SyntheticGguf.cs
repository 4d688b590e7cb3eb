using System.Text;

namespace ResizeLora.Bench.Generation;

/// <summary>Writes a GGUF file of blocks of Q8_0.</summary>
internal static class SyntheticGguf
{
    private const uint Version = 3;
    private const uint Q8Type = 8;
    private const uint TextValue = 8;
    private const long Alignment = 32;

    /// <summary>Writes the file, unless it is there in its right size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="architecture">The name of the model's architecture.</param>
    /// <param name="tensors">The tensors; all of them <see cref="RowFormat.Q8"/>.</param>
    /// <returns>Whether it was written.</returns>
    public static bool Write(string path, string architecture, IReadOnlyList<SyntheticTensor> tensors)
    {
        byte[] header = Header(architecture, tensors);
        long length = Padded(header.Length) + tensors.Sum(static tensor => Padded(tensor.ByteLength));
        if (BenchFile.IsThere(path, length))
        {
            return false;
        }

        using FileStream stream = File.Create(path);
        stream.Write(header);
        SyntheticTensor? current = null;
        foreach ((SyntheticTensor tensor, byte[] bytes) in SyntheticTensor.Make(tensors))
        {
            if (!ReferenceEquals(tensor, current))
            {
                Pad(stream);
                current = tensor;
            }

            stream.Write(bytes);
        }

        Pad(stream);
        return true;
    }

    private static byte[] Header(string architecture, IReadOnlyList<SyntheticTensor> tensors)
    {
        using var header = new MemoryStream();
        using var writer = new BinaryWriter(header);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write(1UL);
        WriteText(writer, "general.architecture");
        writer.Write(TextValue);
        WriteText(writer, architecture);
        long offset = 0;
        foreach (SyntheticTensor tensor in tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (long side in tensor.Shape.Reverse())
            {
                writer.Write((ulong)side);
            }

            writer.Write(Q8Type);
            writer.Write((ulong)offset);
            offset += Padded(tensor.ByteLength);
        }

        return header.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(FileStream stream) => stream.Write(new byte[Padded(stream.Position) - stream.Position]);
}
