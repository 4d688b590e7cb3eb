using System.Buffers.Binary;
using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Tests;

/// <summary>Makes GGUF files, right and wrong ones.</summary>
internal sealed class SampleGguf
{
    // The numbers of the types of values.
    public const uint UInt32Value = 4;
    public const uint Int32Value = 5;
    public const uint TextValue = 8;
    public const uint ArrayValue = 9;

    private const int Alignment = 32;

    private readonly List<byte[]> pairs = [];
    private readonly List<(string Name, uint Type, ulong[] Shape, byte[] Bytes)> tensors = [];

    /// <summary>The version that the file claims.</summary>
    public uint Version { get; init; } = 3;

    /// <summary>Adds a key with a value of any type.</summary>
    public SampleGguf Pair(string key, uint type, byte[] value)
    {
        pairs.Add([.. Text(key), .. Number32(type), .. value]);
        return this;
    }

    /// <summary>Adds a key with a text.</summary>
    public SampleGguf Pair(string key, string value) => Pair(key, TextValue, Text(value));

    /// <summary>Adds a key with an array of 32-bit integers, such as ComfyUI-GGUF's original shapes.</summary>
    public SampleGguf Pair(string key, params int[] values) =>
        Pair(
            key,
            ArrayValue,
            [.. Number32(Int32Value), .. Number64((ulong)values.Length), .. values.SelectMany(static value => Number32((uint)value))]
        );

    /// <summary>Adds a tensor with its bytes as they are stored.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The number of the type.</param>
    /// <param name="shape">The dimensions, outermost first.</param>
    /// <param name="bytes">The bytes, of blocks or numbers.</param>
    public SampleGguf Raw(string name, GgufType type, long[] shape, byte[] bytes)
    {
        tensors.Add((name, (uint)type, [.. shape.Select(static size => (ulong)size)], bytes));
        return this;
    }

    /// <summary>Adds a tensor of numbers, as F32, F16, BF16, F64, Q8_0 or Q4_0.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The type.</param>
    /// <param name="shape">The dimensions, outermost first.</param>
    /// <param name="values">The numbers; those of the quantised types are rounded to them.</param>
    public SampleGguf Of(string name, GgufType type, long[] shape, IEnumerable<double> values) =>
        Raw(name, type, shape, Encode(type, [.. values]));

    /// <summary>The bytes of numbers in a type.</summary>
    public static byte[] Encode(GgufType type, double[] values) =>
        type switch
        {
            GgufType.F32 => WeightEncoder.Encode(TensorType.Float32, values),
            GgufType.F16 => WeightEncoder.Encode(TensorType.Float16, values),
            GgufType.BF16 => WeightEncoder.Encode(TensorType.BFloat16, values),
            GgufType.F64 => WeightEncoder.Encode(TensorType.Float64, values),
            GgufType.Q8_0 => [.. values.Chunk(32).SelectMany(Q8)],
            GgufType.Q4_0 => [.. values.Chunk(32).SelectMany(Q4)],
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Give the bytes of its blocks."),
        };

    /// <summary>The header, up to the padding before the data.</summary>
    public byte[] Header()
    {
        List<byte> header = [.. "GGUF"u8, .. Number32(Version), .. Number64((ulong)tensors.Count), .. Number64((ulong)pairs.Count)];
        foreach (byte[] pair in pairs)
        {
            header.AddRange(pair);
        }

        long offset = 0;
        foreach ((string name, uint type, ulong[] shape, byte[] bytes) in tensors)
        {
            header.AddRange([.. Text(name), .. Number32((uint)shape.Length), .. shape.Reverse().SelectMany(Number64)]);
            header.AddRange([.. Number32(type), .. Number64((ulong)offset)]);
            offset = Padded(offset + bytes.Length);
        }

        return [.. header];
    }

    /// <summary>The whole file.</summary>
    public byte[] ToBytes()
    {
        var file = new List<byte>(Header());
        foreach ((_, _, _, byte[] bytes) in tensors)
        {
            Pad(file);
            file.AddRange(bytes);
        }

        Pad(file);
        return [.. file];
    }

    /// <summary>Writes the file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string path)
    {
        File.WriteAllBytes(path, ToBytes());
        return path;
    }

    /// <summary>A 32-bit number.</summary>
    public static byte[] Number32(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    /// <summary>A 64-bit number.</summary>
    public static byte[] Number64(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    /// <summary>A half-precision number, as the scales of blocks are.</summary>
    public static byte[] Half(double value) => WeightEncoder.Encode(TensorType.Float16, [value]);

    /// <summary>A text with its length.</summary>
    public static byte[] Text(string text) => [.. Number64((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    // The largest becomes 127.
    private static byte[] Q8(double[] values)
    {
        double scale = (double)(Half)(values.Max(Math.Abs) / 127);
        return [.. Half(scale), .. values.Select(value => (byte)(sbyte)Math.Clamp(scale == 0 ? 0 : Math.Round(value / scale), -128, 127))];
    }

    // The largest, with its sign, becomes -8.
    private static byte[] Q4(double[] values)
    {
        double scale = (double)(Half)(values.MaxBy(Math.Abs) / -8);
        int[] numbers = [.. values.Select(value => (int)Math.Clamp(scale == 0 ? 8 : Math.Round(value / scale) + 8, 0, 15))];
        return [.. Half(scale), .. Enumerable.Range(0, 16).Select(index => (byte)(numbers[index] | (numbers[index + 16] << 4)))];
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(List<byte> file) => file.AddRange(new byte[Padded(file.Count) - file.Count]);
}
