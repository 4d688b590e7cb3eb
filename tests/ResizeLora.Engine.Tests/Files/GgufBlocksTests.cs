using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Tests.Files;

/// <summary>Every block format decodes to what its description says, by hand for some numbers and by plain formulas for all.</summary>
public sealed class GgufBlocksTests
{
    private static readonly int[] Levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    // Length and bytes of a block, where its float16 numbers are, and number i of a block by the description of the format.
    private static readonly Dictionary<string, (int Length, int Bytes, int[] Halves, Func<byte[], int, double> Number)> Formats = new()
    {
        ["Q4_0"] = (32, 18, [0], static (b, i) => H(b, 0) * (Nibble(b, 2, i, 16) - 8)),
        ["Q4_1"] = (32, 20, [0, 2], static (b, i) => (H(b, 0) * Nibble(b, 4, i, 16)) + H(b, 2)),
        ["Q5_0"] = (32, 22, [0], static (b, i) => H(b, 0) * (Nibble(b, 6, i, 16) + (16 * Bit(b, 2, i)) - 16)),
        ["Q5_1"] = (32, 24, [0, 2], static (b, i) => (H(b, 0) * (Nibble(b, 8, i, 16) + (16 * Bit(b, 4, i)))) + H(b, 2)),
        ["Q8_0"] = (32, 34, [0], static (b, i) => H(b, 0) * (sbyte)b[2 + i]),
        ["IQ4_NL"] = (32, 18, [0], static (b, i) => H(b, 0) * Levels[Nibble(b, 2, i, 16)]),
        ["Q2_K"] = (256, 84, [80, 82], static (b, i) => (H(b, 80) * (b[i / 16] % 16) * Pair(b, 16, i)) - (H(b, 82) * (b[i / 16] / 16))),
        ["Q3_K"] = (
            256,
            110,
            [108],
            static (b, i) => H(b, 108) * (Q3Scale(b, i / 16) - 32) * (Pair(b, 32, i) + (4 * ((b[i % 32] >> (i / 32)) & 1)) - 4)
        ),
        ["Q4_K"] = (
            256,
            144,
            [0, 2],
            static (b, i) => (H(b, 0) * SixBits(b, i / 32, 0) * Nibble(b, 16, i, 32)) - (H(b, 2) * SixBits(b, i / 32, 4))
        ),
        ["Q5_K"] = (
            256,
            176,
            [0, 2],
            static (b, i) =>
                (H(b, 0) * SixBits(b, i / 32, 0) * (Nibble(b, 48, i, 32) + (16 * ((b[16 + (i % 32)] >> (i / 32)) & 1))))
                - (H(b, 2) * SixBits(b, i / 32, 4))
        ),
        ["Q6_K"] = (
            256,
            210,
            [208],
            static (b, i) => H(b, 208) * (sbyte)b[192 + (i / 16)] * (Nibble(b, 0, i, 64) + (16 * Pair(b, 128, i)) - 32)
        ),
        ["IQ4_XS"] = (
            256,
            136,
            [0],
            static (b, i) =>
                H(b, 0)
                * (((b[4 + (i / 64)] >> (i / 32 % 2 * 4)) % 16) + (16 * (((b[2] + (256 * b[3])) >> (i / 32 * 2)) % 4)) - 32)
                * Levels[Nibble(b, 8, i, 16)]
        ),
    };

    public static TheoryData<string> Names => [.. Formats.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_block_of_any_bytes_decodes_to_the_formula_of_its_format(string name)
    {
        (int length, int byteLength, int[] halves, Func<byte[], int, double> number) = Formats[name];
        GgufFormat format = FormatOf(name);
        Assert.Equal((length, byteLength, TensorType.Float32), (format.BlockLength, format.BlockByteLength, format.Type));
        var random = new Random(20_260_501);
        for (int repeat = 0; repeat < 200; repeat++)
        {
            byte[] block = new byte[byteLength];
            random.NextBytes(block);
            foreach (int half in halves)
            {
                BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(half), (Half)((random.NextDouble() * 4) - 2));
            }

            AssertClose([.. Enumerable.Range(0, length).Select(index => number(block, index))], Decode(name, block));
        }
    }

    [Fact]
    public void Q4_0_by_hand()
    {
        byte[] block = [.. SampleGguf.Half(0.5), 0xF0, .. Enumerable.Repeat((byte)0x88, 15)];
        float[] expected = new float[32];
        (expected[0], expected[16]) = (-4, 3.5f);
        Assert.Equal(expected, Decode("Q4_0", block));
    }

    [Fact]
    public void Q4_1_by_hand()
    {
        byte[] block = [.. SampleGguf.Half(2), .. SampleGguf.Half(-3), 0x5F, .. new byte[15]];
        float[] expected = [.. Enumerable.Repeat(-3f, 32)];
        (expected[0], expected[16]) = (27, 7);
        Assert.Equal(expected, Decode("Q4_1", block));
    }

    [Fact]
    public void Q5_0_by_hand()
    {
        // Bits 1 and 31 of the fifth bits are set.
        byte[] block = [.. SampleGguf.Half(0.25), 0x02, 0, 0, 0x80, .. new byte[15], 0x3F];
        float[] expected = [.. Enumerable.Repeat(-4f, 32)];
        (expected[1], expected[15], expected[31]) = (0, -0.25f, 0.75f);
        Assert.Equal(expected, Decode("Q5_0", block));
    }

    [Fact]
    public void Q5_1_by_hand()
    {
        byte[] block = [.. SampleGguf.Half(1), .. SampleGguf.Half(10), 0x01, 0, 0x02, 0, 0x07, 0x40, .. new byte[14]];
        float[] expected = [.. Enumerable.Repeat(10f, 32)];
        (expected[0], expected[17]) = (33, 30);
        Assert.Equal(expected, Decode("Q5_1", block));
    }

    [Fact]
    public void Q8_0_by_hand()
    {
        byte[] block = [.. SampleGguf.Half(-2), 0x80, 0x7F, .. new byte[29], 0x03];
        float[] expected = new float[32];
        (expected[0], expected[1], expected[31]) = (256, -254, -6);
        Assert.Equal(expected, Decode("Q8_0", block));
    }

    [Fact]
    public void IQ4_NL_by_hand()
    {
        byte[] block = [.. SampleGguf.Half(0.5), 0xF0, .. Enumerable.Repeat((byte)0x88, 15)];
        float[] expected = [.. Enumerable.Repeat(0.5f, 32)];
        (expected[0], expected[16]) = (-63.5f, 56.5f);
        Assert.Equal(expected, Decode("IQ4_NL", block));
    }

    [Fact]
    public void Q2_K_by_hand()
    {
        // Group 11 is numbers 176 to 191: bits 2 and 3 of bytes 48 to 63 of the 2-bit numbers. Scale 3, minimum 5.
        byte[] block = new byte[84];
        block[11] = 0x53;
        block[16 + 48 + 7] = 0b1000;
        SampleGguf.Half(2).CopyTo(block, 80);
        SampleGguf.Half(0.5).CopyTo(block, 82);
        float[] expected = new float[256];
        expected.AsSpan(176, 16).Fill(-2.5f);
        expected[183] = 9.5f;
        Assert.Equal(expected, Decode("Q2_K", block));
    }

    [Fact]
    public void Q3_K_by_hand()
    {
        // Scales of 32 count as 0. Group 13 is numbers 208 to 223: its scale is 9 + 16 * 3 - 32 = 25.
        byte[] block = new byte[110];
        block.AsSpan(96 + 8, 4).Fill(0b10101010);
        block[96 + 5] = 0x90;
        block[96 + 9] = 0b11101010;

        // Number 210: bits 0 and 1 are bits 4 and 5 of byte 32 + 18 of the packed numbers, bit 2 is bit 6 of byte 18 of the mask.
        block[32 + 32 + 18] = 0b110000;
        block[18] = 0b1000000;
        SampleGguf.Half(1).CopyTo(block, 108);
        float[] expected = new float[256];
        expected.AsSpan(208, 16).Fill(-100);
        expected[210] = 75;
        Assert.Equal(expected, Decode("Q3_K", block));
    }

    [Fact]
    public void Q4_K_by_hand()
    {
        // Group 5 has the scale 5 + 16 * 3 = 53 and the minimum 2 + 16 * 1 = 18; number 163 is 7.
        byte[] block = new byte[144];
        SampleGguf.Half(2).CopyTo(block, 0);
        SampleGguf.Half(1).CopyTo(block, 2);
        (block[4 + 1], block[4 + 5], block[4 + 9]) = (0xC0, 0x40, 0x25);
        block[16 + 64 + 3] = 0x70;
        float[] expected = new float[256];
        expected.AsSpan(160, 32).Fill(-18);
        expected[163] = 724;
        Assert.Equal(expected, Decode("Q4_K", block));
    }

    [Fact]
    public void Q5_K_by_hand()
    {
        // Group 2 has the scale 33 and the minimum 7; number 70 is 3 + 16.
        byte[] block = new byte[176];
        SampleGguf.Half(1).CopyTo(block, 0);
        SampleGguf.Half(2).CopyTo(block, 2);
        (block[4 + 2], block[4 + 6]) = (33, 7);
        block[16 + 6] = 0b100;
        block[48 + 32 + 6] = 0x03;
        float[] expected = new float[256];
        expected.AsSpan(64, 32).Fill(-14);
        expected[70] = 613;
        Assert.Equal(expected, Decode("Q5_K", block));
    }

    [Fact]
    public void Q6_K_by_hand()
    {
        // Group 14 is numbers 224 to 239, its scale is -3; number 225 is 5 + 16 * 2 = 37, all others are 0.
        byte[] block = new byte[210];
        block[64 + 32 + 1] = 0x50;
        block[128 + 32 + 1] = 0b10000000;
        block[192 + 14] = unchecked((byte)-3);
        SampleGguf.Half(0.5).CopyTo(block, 208);
        float[] expected = new float[256];
        expected.AsSpan(224, 16).Fill(48);
        expected[225] = -7.5f;
        Assert.Equal(expected, Decode("Q6_K", block));
    }

    [Fact]
    public void IQ4_XS_by_hand()
    {
        // Scales of 32 count as 0. Group 3 is numbers 96 to 127: its scale is 6 + 16 * 3 - 32 = 22; number 113 is level 10.
        byte[] block = new byte[136];
        SampleGguf.Half(0.5).CopyTo(block, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(2), 0b10_10_10_10_11_10_10_10);
        block[4 + 1] = 0x60;
        block[8 + 48 + 1] = 0xA0;
        float[] expected = new float[256];
        expected.AsSpan(96, 32).Fill(-1397);
        expected[113] = 275;
        Assert.Equal(expected, Decode("IQ4_XS", block));
    }

    [Fact]
    public void Scales_are_exact_down_to_the_smallest_half()
    {
        byte[] block = [1, 0, 1, .. new byte[31]];
        Assert.Equal(5.9604644775390625e-8f, Decode("Q8_0", block)[0]);
    }

    private static GgufFormat FormatOf(string name) => GgufFormat.Of((uint)Enum.Parse<GgufType>(name));

    private static float[] Decode(string name, byte[] block)
    {
        GgufFormat format = FormatOf(name);
        Assert.Equal(name, format.Name);
        float[] values = new float[format.BlockLength];
        format.Decode!(block, values);
        return values;
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        double tolerance = 1e-6 * expected.Max(Math.Abs);
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.InRange(actual[index], expected[index] - tolerance, expected[index] + tolerance);
        }
    }

    private static double H(byte[] block, int start) =>
        ScalarFloat.Decode(TensorType.Float16, BinaryPrimitives.ReadUInt16LittleEndian(block.AsSpan(start)));

    // 4 bits of number i, where each group of bytes holds as many numbers in its low halves and then as many in its high ones.
    private static int Nibble(byte[] block, int start, int i, int group) =>
        (block[start + (i / (2 * group) * group) + (i % group)] >> (i / group % 2 * 4)) % 16;

    // 2 bits of number i, where each 32 bytes hold 128 numbers.
    private static int Pair(byte[] block, int start, int i) => (block[start + (i / 128 * 32) + (i % 32)] >> (i / 32 % 4 * 2)) % 4;

    private static int Bit(byte[] block, int start, int i) => (block[start + (i / 8)] >> (i % 8)) & 1;

    // get_scale_min of the K formats: first is 0 for scales and 4 for minima.
    private static int SixBits(byte[] block, int group, int first)
    {
        byte[] packed = block[4..16];
        return group < 4
            ? packed[first + group] % 64
            : (first == 0 ? packed[8 + group - 4] % 16 : packed[8 + group - 4] / 16) + (packed[first + group - 4] / 64 * 16);
    }

    // The four words of the description: the low halves of 8 bytes are groups 0 to 7, the high ones 8 to 15, and 4 bytes hold the rest.
    private static int Q3Scale(byte[] block, int group)
    {
        int low = group < 8 ? block[96 + group] % 16 : block[96 + group - 8] / 16;
        return low + (16 * ((block[104 + (group % 4)] >> (group / 4 * 2)) % 4));
    }
}
