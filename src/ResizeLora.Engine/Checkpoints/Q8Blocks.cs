using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>Arranges blocks of GGUF's Q8_0, a half and 32 signed bytes, for <see cref="Q8Decoder"/>: twice a single and 16 bytes.</summary>
internal static class Q8Blocks
{
    /// <summary>The weights of a block.</summary>
    public const int Length = 32;

    /// <summary>The bytes of a block as it is stored.</summary>
    public const int ByteLength = sizeof(ushort) + Length;

    /// <summary>The bytes of rows as they are stored.</summary>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">The weights of a row, whole blocks.</param>
    public static long LengthOf(int rows, int columns) => (long)rows * (columns / Length) * ByteLength;

    /// <summary>Arranges blocks.</summary>
    /// <param name="stored">The blocks.</param>
    /// <param name="arranged">As long as the same weights are for <see cref="Q8Decoder"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Arrange(ReadOnlySpan<byte> stored, Span<byte> arranged)
    {
        for (; !stored.IsEmpty; stored = stored[ByteLength..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(stored);
            for (int first = sizeof(ushort); first < ByteLength; first += IRowDecoder.Width)
            {
                MemoryMarshal.Write(arranged, scale);
                Vector128.Create(stored[first..]).CopyTo(arranged[sizeof(float)..]);
                arranged = arranged[Q8Decoder.VectorByteLength..];
            }
        }
    }
}
