using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Bench.Generation;

/// <summary>How a synthetic file stores a row of numbers.</summary>
/// <param name="Type">The element type, as safetensors names it; of blocks, that of their numbers when they are read.</param>
/// <param name="BlockLength">How many numbers a block holds; 1 where each stands alone.</param>
/// <param name="BlockByteLength">How many bytes it takes.</param>
/// <param name="Encode">Stores whole blocks.</param>
internal sealed record RowFormat(TensorType Type, int BlockLength, int BlockByteLength, RowFormat.Encoder Encode)
{
    private const int Q8Length = 32;
    private const float Q8Largest = 127;
    private const int Float8Largest = 448;

    // The nearest 8-bit float of every half; that numbers are rounded twice changes one in a thousand.
    private static readonly Lazy<byte[]> Float8OfHalf = new(static () =>
    {
        float[] values = new float[128];
        WeightDecoder.ToSingle(TensorType.Float8E4M3, [.. Enumerable.Range(0, 128).Select(static code => (byte)code)], values);
        float[] finite = values[..^1];
        byte[] table = new byte[1 << 16];
        for (int bits = 0; bits < table.Length; bits++)
        {
            float value = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            table[bits] = float.IsFinite(value)
                ? (byte)(Nearest(finite, Math.Min(Math.Abs(value), Float8Largest)) | (bits >> 15 << 7))
                : (byte)127;
        }

        return table;
    });

    /// <summary>Stores numbers.</summary>
    /// <param name="numbers">The numbers.</param>
    /// <param name="destination">Where their bytes go.</param>
    public delegate void Encoder(ReadOnlySpan<float> numbers, Span<byte> destination);

    /// <summary>Single precision.</summary>
    public static RowFormat Float32 { get; } =
        new(TensorType.Float32, 1, sizeof(float), static (numbers, destination) => MemoryMarshal.AsBytes(numbers).CopyTo(destination));

    /// <summary>Half precision.</summary>
    public static RowFormat Float16 { get; } = new(TensorType.Float16, 1, sizeof(ushort), EncodeFloat16);

    /// <summary>The upper half of single precision.</summary>
    public static RowFormat BFloat16 { get; } = new(TensorType.BFloat16, 1, sizeof(ushort), EncodeBFloat16);

    /// <summary>8-bit floats with 4 bits of exponent.</summary>
    public static RowFormat Float8 { get; } = new(TensorType.Float8E4M3, 1, sizeof(byte), EncodeFloat8);

    /// <summary>GGUF's blocks of 32 bytes with a scale.</summary>
    public static RowFormat Q8 { get; } = new(TensorType.Float32, Q8Length, sizeof(ushort) + Q8Length, EncodeQ8);

    /// <summary>The bytes of a row.</summary>
    /// <param name="columns">Its length; whole blocks.</param>
    public int ByteLength(int columns) => columns / BlockLength * BlockByteLength;

    // Values ascend; between two of them the even code wins, as IEEE 754 rounds.
    private static int Nearest(float[] values, float value)
    {
        int index = Array.BinarySearch(values, value);
        if (index >= 0)
        {
            return index;
        }

        int above = ~index;
        float distance = (value - values[above - 1]).CompareTo(values[above] - value);
        return distance < 0 || (distance == 0 && above % 2 == 1) ? above - 1 : above;
    }

    private static void EncodeFloat16(ReadOnlySpan<float> numbers, Span<byte> destination)
    {
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(destination);
        for (int index = 0; index < numbers.Length; index++)
        {
            halves[index] = (Half)numbers[index];
        }
    }

    private static void EncodeBFloat16(ReadOnlySpan<float> numbers, Span<byte> destination)
    {
        Span<ushort> stored = MemoryMarshal.Cast<byte, ushort>(destination);
        for (int index = 0; index < numbers.Length; index++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(numbers[index]);
            stored[index] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    private static void EncodeFloat8(ReadOnlySpan<float> numbers, Span<byte> destination)
    {
        byte[] table = Float8OfHalf.Value;
        for (int index = 0; index < numbers.Length; index++)
        {
            destination[index] = table[BitConverter.HalfToUInt16Bits((Half)numbers[index])];
        }
    }

    // The largest becomes 127.
    private static void EncodeQ8(ReadOnlySpan<float> numbers, Span<byte> destination)
    {
        for (int start = 0; start < numbers.Length; start += Q8Length)
        {
            ReadOnlySpan<float> block = numbers.Slice(start, Q8Length);
            Span<byte> stored = destination.Slice(start / Q8Length * (sizeof(ushort) + Q8Length), sizeof(ushort) + Q8Length);
            float largest = 0;
            foreach (float number in block)
            {
                largest = Math.Max(largest, Math.Abs(number));
            }

            var scale = (Half)(largest / Q8Largest);
            BinaryPrimitives.WriteHalfLittleEndian(stored, scale);
            for (int index = 0; index < Q8Length; index++)
            {
                float rounded = scale == Half.Zero ? 0 : MathF.Round(block[index] / (float)scale);
                stored[sizeof(ushort) + index] = (byte)(sbyte)Math.Clamp(rounded, -Q8Largest, Q8Largest);
            }
        }
    }
}
