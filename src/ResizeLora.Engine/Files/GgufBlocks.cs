using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResizeLora.Files;

/// <summary>
/// Decodes the blocks of quantised GGUF tensors into single precision, one block a call. Every number is a small integer times a
/// scale, with a minimum added in some formats. The product and the sum are rounded one by one, so that every machine decodes alike.
/// </summary>
/// <remarks>
/// d and dmin are float16. A byte of 4-bit numbers holds one of the first half of its group in its low bits, and the one that is
/// half a group later in its high bits. Sources: the comments of ggml-common.h, and gguf-py's quants.py.
/// </remarks>
internal static class GgufBlocks
{
    // The 16 levels of the non-linear 4-bit formats.
    private static readonly Vector128<sbyte> Levels = Vector128.Create(
        (sbyte)-127,
        -104,
        -83,
        -65,
        -49,
        -35,
        -22,
        -10,
        1,
        13,
        25,
        38,
        53,
        69,
        89,
        113
    );

    /// <summary>Decodes one block.</summary>
    /// <param name="block">The bytes of the block.</param>
    /// <param name="values">As many numbers as the block holds.</param>
    internal delegate void Decoder(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>32 numbers: d, 16 bytes of 4-bit q. The number is d (q - 8).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        var packed = Vector128.Create(block[2..]);
        Store(Bits(packed, 0, 15).AsSByte() - Vector128.Create((sbyte)8), scale, 0, values);
        Store(Bits(packed, 4, 15).AsSByte() - Vector128.Create((sbyte)8), scale, 0, values[16..]);
    }

    /// <summary>32 numbers: d, m, 16 bytes of 4-bit q. The number is d q + m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        float minimum = ReadHalf(block[2..]);
        var packed = Vector128.Create(block[4..]);
        Store(Bits(packed, 0, 15).AsSByte(), scale, minimum, values);
        Store(Bits(packed, 4, 15).AsSByte(), scale, minimum, values[16..]);
    }

    /// <summary>32 numbers: d, 32 bits that are bit 4 of each q, 16 bytes of 4-bit q. The number is d (q - 16).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q5_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        var packed = Vector128.Create(block[6..]);
        Store((Bits(packed, 0, 15) | FifthBits(block[2..])).AsSByte() - Vector128.Create((sbyte)16), scale, 0, values);
        Store((Bits(packed, 4, 15) | FifthBits(block[4..])).AsSByte() - Vector128.Create((sbyte)16), scale, 0, values[16..]);
    }

    /// <summary>32 numbers: d, m, 32 bits that are bit 4 of each q, 16 bytes of 4-bit q. The number is d q + m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q5_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        float minimum = ReadHalf(block[2..]);
        var packed = Vector128.Create(block[8..]);
        Store((Bits(packed, 0, 15) | FifthBits(block[4..])).AsSByte(), scale, minimum, values);
        Store((Bits(packed, 4, 15) | FifthBits(block[6..])).AsSByte(), scale, minimum, values[16..]);
    }

    /// <summary>32 numbers: d, 32 signed bytes q. The number is d q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q8_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        Store(Vector128.Create(block[2..]).AsSByte(), scale, 0, values);
        Store(Vector128.Create(block[18..]).AsSByte(), scale, 0, values[16..]);
    }

    /// <summary>32 numbers: d, 16 bytes of 4-bit q. The number is d times level q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void IQ4_NL(ReadOnlySpan<byte> block, Span<float> values) => StoreLevels(block[2..], ReadHalf(block), values);

    /// <summary>
    /// 256 numbers in 16 groups: 16 bytes of 4-bit scale (low) and minimum (high), 64 bytes of 2-bit q, d, dmin. The number is
    /// d scale q - dmin minimum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q2_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block[80..]);
        float minimum = ReadHalf(block[82..]);
        for (int group = 0; group < 16; group++)
        {
            // 32 bytes hold 128 numbers: bits 0 and 1 the first 32 of them, bits 2 and 3 the next.
            var packed = Vector128.Create(block[(16 + (32 * (group >> 3)) + (16 * (group & 1)))..]);
            Vector128<byte> numbers = Bits(packed, group & 6, 3);
            Store(numbers.AsSByte(), scale * (block[group] & 15), -(minimum * (block[group] >> 4)), values[(16 * group)..]);
        }
    }

    /// <summary>
    /// 256 numbers in 16 groups: 32 bytes of bit 2 of q, 64 bytes of bits 0 and 1, 12 bytes of 6-bit scales, d. The number is
    /// d (scale - 32) (q - 4).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q3_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block[108..]);
        ReadOnlySpan<byte> scales = block.Slice(96, 12);
        for (int group = 0; group < 16; group++)
        {
            // The low four bits of the scales take 8 bytes, the groups from 8 on in the high halves; the other two bits take 4 bytes.
            int low = (scales[group & 7] >> (4 * (group >> 3))) & 15;
            int high = (scales[8 + (group & 3)] >> (2 * (group >> 2))) & 3;
            var packed = Vector128.Create(block[(32 + (32 * (group >> 3)) + (16 * (group & 1)))..]);
            var third = Vector128.Create(block[(16 * (group & 1))..]);
            Vector128<byte> numbers = Bits(packed, group & 6, 3) | (Bits(third, group >> 1, 1).AsUInt16() << 2).AsByte();
            Store(numbers.AsSByte() - Vector128.Create((sbyte)4), scale * ((low | (high << 4)) - 32), 0, values[(16 * group)..]);
        }
    }

    /// <summary>
    /// 256 numbers in 8 groups: d, dmin, 12 bytes of 6-bit scales and minima, 128 bytes of 4-bit q. The number is
    /// d scale q - dmin minimum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        float minimum = ReadHalf(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            (int groupScale, int groupMinimum) = ScaleAndMinimum(block.Slice(4, 12), group);
            float factor = scale * groupScale;
            float offset = -(minimum * groupMinimum);
            ReadOnlySpan<byte> packed = block[(16 + (32 * (group >> 1)))..];
            Span<float> target = values.Slice(32 * group, 32);
            int shift = 4 * (group & 1);
            Store(Bits(Vector128.Create(packed), shift, 15).AsSByte(), factor, offset, target);
            Store(Bits(Vector128.Create(packed[16..]), shift, 15).AsSByte(), factor, offset, target[16..]);
        }
    }

    /// <summary>
    /// 256 numbers in 8 groups: d, dmin, 12 bytes of 6-bit scales and minima, 32 bytes of bit 4 of q, 128 bytes of bits 0 to 3. The
    /// number is d scale q - dmin minimum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q5_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        float minimum = ReadHalf(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            (int groupScale, int groupMinimum) = ScaleAndMinimum(block.Slice(4, 12), group);
            float factor = scale * groupScale;
            float offset = -(minimum * groupMinimum);
            for (int half = 0; half < 32; half += 16)
            {
                // Group g has bit g of each of the 32 bytes.
                Vector128<byte> low = Bits(Vector128.Create(block[(48 + (32 * (group >> 1)) + half)..]), 4 * (group & 1), 15);
                Vector128<byte> fifth = (Bits(Vector128.Create(block[(16 + half)..]), group, 1).AsUInt16() << 4).AsByte();
                Store((low | fifth).AsSByte(), factor, offset, values[((32 * group) + half)..]);
            }
        }
    }

    /// <summary>
    /// 256 numbers in 16 groups: 128 bytes of bits 0 to 3 of q, 64 bytes of bits 4 and 5, 16 signed bytes of scales, d. The number
    /// is d scale (q - 32).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q6_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block[208..]);
        for (int group = 0; group < 16; group++)
        {
            // Of each 128 numbers, 64 bytes have the first 64 in their low halves and the others in their high ones.
            var packed = Vector128.Create(block[((64 * (group >> 3)) + (16 * (group & 3)))..]);
            var upper = Vector128.Create(block[(128 + (32 * (group >> 3)) + (16 * (group & 1)))..]);
            Vector128<byte> numbers = Bits(packed, group & 4, 15) | (Bits(upper, group & 6, 3).AsUInt16() << 4).AsByte();
            float factor = scale * (sbyte)block[192 + group];
            Store(numbers.AsSByte() - Vector128.Create((sbyte)32), factor, 0, values[(16 * group)..]);
        }
    }

    /// <summary>
    /// 256 numbers in 8 groups: d, 8 times bits 4 and 5 of the scales (one 16-bit number), 8 times bits 0 to 3, 128 bytes of 4-bit q.
    /// The number is d (scale - 32) times level q.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void IQ4_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        int upper = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            int groupScale = ((block[4 + (group >> 1)] >> (4 * (group & 1))) & 15) | (((upper >> (2 * group)) & 3) << 4);
            StoreLevels(block[(8 + (16 * group))..], scale * (groupScale - 32), values[(32 * group)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ReadHalf(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    // 8 scales and 8 minima of 6 bits in 12 bytes. The first four of each have a byte; its upper two bits belong to the last four,
    // whose low four bits take the last four bytes, minima in the upper halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int Scale, int Minimum) ScaleAndMinimum(ReadOnlySpan<byte> packed, int group) =>
        group < 4
            ? (packed[group] & 63, packed[group + 4] & 63)
            : ((packed[group + 4] & 15) | ((packed[group - 4] >> 6) << 4), (packed[group + 4] >> 4) | ((packed[group] >> 6) << 4));

    // Vectors shift 16 bits at a time; the mask takes away what came from the byte beside.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Bits(Vector128<byte> bytes, int shift, byte mask) =>
        (bytes.AsUInt16() >>> shift).AsByte() & Vector128.Create(mask);

    // 16 where the bit of the number is set, else 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FifthBits(ReadOnlySpan<byte> bits)
    {
        var spread = Vector128.Create(Vector64.Create(bits[0]), Vector64.Create(bits[1]));
        var each = Vector128.Create(0x8040201008040201UL).AsByte();
        return Vector128.Equals(spread & each, each) & Vector128.Create((byte)16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLevels(ReadOnlySpan<byte> bytes, float scale, Span<float> values)
    {
        var packed = Vector128.Create(bytes);
        Store(LevelsOf(Bits(packed, 0, 15).AsSByte()), scale, 0, values);
        Store(LevelsOf(Bits(packed, 4, 15).AsSByte()), scale, 0, values[16..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> LevelsOf(Vector128<sbyte> indices) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(Levels.AsByte(), indices.AsByte()).AsSByte() : Vector128.Shuffle(Levels, indices);

    // 16 numbers: number * scale + offset.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<sbyte> numbers, float scale, float offset, Span<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values[..16]);
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(numbers);
        var scales = Vector128.Create(scale);
        var offsets = Vector128.Create(offset);
        ((Vector128.ConvertToSingle(Vector128.WidenLower(lower)) * scales) + offsets).StoreUnsafe(ref first);
        ((Vector128.ConvertToSingle(Vector128.WidenUpper(lower)) * scales) + offsets).StoreUnsafe(ref first, 4);
        ((Vector128.ConvertToSingle(Vector128.WidenLower(upper)) * scales) + offsets).StoreUnsafe(ref first, 8);
        ((Vector128.ConvertToSingle(Vector128.WidenUpper(upper)) * scales) + offsets).StoreUnsafe(ref first, 12);
    }
}
