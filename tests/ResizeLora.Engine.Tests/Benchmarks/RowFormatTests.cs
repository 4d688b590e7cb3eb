using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using ResizeLora.Bench.Generation;
using ResizeLora.Files;

namespace ResizeLora.Tests.Benchmarks;

/// <summary>The benchmark's files hold what they should in every type.</summary>
public sealed class RowFormatTests
{
    // Numbers that every type holds, but for Q8_0, whose scale is of the largest.
    private static readonly float[] Exact = [.. Enumerable.Range(-16, 32).Select(static number => number / 16f)];

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F8_E4M3")]
    public void Numbers_come_back(string type)
    {
        RowFormat format = new[] { RowFormat.Float32, RowFormat.Float16, RowFormat.BFloat16, RowFormat.Float8 }.Single(format =>
            TensorTypes.NameOf(format.Type) == type
        );
        byte[] bytes = new byte[format.ByteLength(Exact.Length)];
        format.Encode(Exact, bytes);
        float[] decoded = new float[Exact.Length];
        WeightDecoder.ToSingle(format.Type, bytes, decoded);
        Assert.Equal(Exact, decoded);
    }

    [Theory]
    [InlineData("1.0624", "1")]
    [InlineData("1.0625", "1")]
    [InlineData("1.0645", "1.125")]
    [InlineData("1.1875", "1.25")]
    [InlineData("-1.0645", "-1.125")]
    [InlineData("500", "448")]
    [InlineData("0.0009", "0")]
    public void Numbers_between_two_floats_of_eight_bits_become_the_nearest(string number, string expected)
    {
        byte[] bytes = new byte[1];
        RowFormat.Float8.Encode([float.Parse(number, CultureInfo.InvariantCulture)], bytes);
        float[] decoded = new float[1];
        WeightDecoder.ToSingle(TensorType.Float8E4M3, bytes, decoded);
        Assert.Equal(float.Parse(expected, CultureInfo.InvariantCulture), decoded[0]);
    }

    [Fact]
    public void Blocks_of_eight_bits_are_those_of_the_samples()
    {
        byte[] bytes = new byte[RowFormat.Q8.ByteLength(Exact.Length)];
        RowFormat.Q8.Encode(Exact, bytes);
        Assert.Equal((Half)(1 / 127f), BinaryPrimitives.ReadHalfLittleEndian(bytes));
        Assert.Equal(SampleGguf.Encode(GgufType.Q8_0, [.. Exact.Select(static number => (double)number)]), bytes);
        Assert.Equal(-127, MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan())[sizeof(ushort)]);
    }
}
