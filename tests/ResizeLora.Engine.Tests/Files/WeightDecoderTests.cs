using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>Weights in single precision are the numbers that their bits stand for, wherever they lie in a vector register.</summary>
public sealed class WeightDecoderTests
{
    public static TheoryData<TensorType> Weights => [.. Enum.GetValues<TensorType>().Where(TensorTypes.IsWeight)];

    [Theory]
    [InlineData(TensorType.Float16)]
    [InlineData(TensorType.BFloat16)]
    public void Every_number_of_sixteen_bits_is_exact(TensorType type)
    {
        byte[] bytes = new byte[65536 * sizeof(ushort)];
        for (int code = 0; code < 65536; code++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(code * sizeof(ushort)), (ushort)code);
        }

        AssertExact(type, bytes, 65536);
    }

    [Theory]
    [InlineData(TensorType.Float8E4M3)]
    [InlineData(TensorType.Float8E5M2)]
    public void Every_number_of_eight_bits_is_exact(TensorType type) =>
        AssertExact(type, Enumerable.Range(0, 256).Select(static code => (byte)code).ToArray(), 256);

    [Theory]
    [InlineData(TensorType.Float8E4M3)]
    [InlineData(TensorType.Float8E5M2)]
    public void Halves_of_eight_bits_are_the_same_numbers(TensorType type)
    {
        for (int code = 0; code < 256; code++)
        {
            float[] single = new float[1];
            WeightDecoder.ToSingle(type, [(byte)code], single);

            // In a vector, and among those that are left over.
            foreach (int place in (int[])[3, 35])
            {
                byte[] codes = new byte[40];
                codes[place] = (byte)code;
                ushort[] halves = new ushort[codes.Length];
                Assert.Equal(float.IsFinite(single[0]), WeightDecoder.ToHalf(type, codes, halves));
                float half = (float)BitConverter.UInt16BitsToHalf(halves[place]);
                Assert.Equal(single[0], half);
                Assert.Equal(float.IsNegative(single[0]) && !float.IsNaN(single[0]), float.IsNegative(half) && !float.IsNaN(half));
                Assert.All(halves.Where((_, index) => index != place), static other => Assert.Equal(0, other));
            }
        }
    }

    [Theory]
    [InlineData(TensorType.Float8E4M3, 0x7E, 448)]
    [InlineData(TensorType.Float8E4M3, 0x01, 0.001953125)]
    [InlineData(TensorType.Float8E4M3, 0xB8, -1)]
    [InlineData(TensorType.Float8E5M2, 0x7B, 57344)]
    [InlineData(TensorType.Float8E5M2, 0x7C, double.PositiveInfinity)]
    [InlineData(TensorType.Float8E5M2, 0x01, 1.52587890625e-5)]
    public void Landmarks_of_the_8_bit_types_are_those_of_their_paper(TensorType type, byte code, double expected)
    {
        float[] decoded = new float[1];
        WeightDecoder.ToSingle(type, [code], decoded);
        Assert.Equal(expected, decoded[0]);
    }

    [Theory]
    [InlineData(0.1, 0.1f)]
    [InlineData(1 + (1.0 / (1 << 24)), 1f)]
    [InlineData(1 + (3.0 / (1 << 24)), 1f + (2f / (1 << 23)))]
    [InlineData(3.5e38, float.PositiveInfinity)]
    [InlineData(-1e-46, -0f)]
    [InlineData(1e-45, float.Epsilon)]
    [InlineData(double.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(double.NaN, float.NaN)]
    public void Doubles_are_rounded_to_nearest(double value, float expected)
    {
        float[] decoded = new float[1];
        WeightDecoder.ToSingle(TensorType.Float64, BitConverter.GetBytes(value), decoded);
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(decoded[0]));
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Any_number_of_weights_is_decoded_and_none_beyond(TensorType type)
    {
        int width = TensorTypes.BytesOf(type);
        double[] values = new Gaussian(5).Numbers(80);
        byte[] bytes = WeightEncoder.Encode(type, values);
        double[] expected = ScalarFloat.DecodeAll(type, bytes);
        for (int length = 0; length < 80; length++)
        {
            float[] decoded = Enumerable.Repeat(float.Pi, 82).ToArray();
            WeightDecoder.ToSingle(type, bytes.AsSpan(0, length * width), decoded.AsSpan(1, length));
            Assert.Equal(expected[..length].Select(static value => (float)value), decoded[1..(length + 1)]);
            Assert.All(decoded[(length + 1)..].Append(decoded[0]), static value => Assert.Equal(float.Pi, value));
        }
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Weights_may_lie_at_any_address(TensorType type)
    {
        byte[] bytes = WeightEncoder.Encode(type, new Gaussian(6).Numbers(50));
        byte[] moved = [0, .. bytes];
        float[] expected = new float[50];
        float[] decoded = new float[50];
        WeightDecoder.ToSingle(type, bytes, expected);
        WeightDecoder.ToSingle(type, moved.AsSpan(1), decoded);
        Assert.Equal(expected, decoded);
    }

    [Theory]
    [InlineData(TensorType.Float16, 5, 2)]
    [InlineData(TensorType.Float32, 8, 3)]
    [InlineData(TensorType.Int16, 4, 2)]
    [InlineData(TensorType.Bool, 2, 2)]
    public void Bytes_that_are_not_that_many_weights_are_a_mistake_of_the_caller(TensorType type, int byteLength, int count) =>
        Assert.Throws<ArgumentException>(() => WeightDecoder.ToSingle(type, new byte[byteLength], new float[count]));

    private static void AssertExact(TensorType type, byte[] bytes, int count)
    {
        float[] decoded = new float[count];
        WeightDecoder.ToSingle(type, bytes, decoded);
        double[] expected = ScalarFloat.DecodeAll(type, bytes);
        for (int code = 0; code < count; code++)
        {
            bool same = double.IsNaN(expected[code])
                ? float.IsNaN(decoded[code])
                : BitConverter.SingleToInt32Bits((float)expected[code]) == BitConverter.SingleToInt32Bits(decoded[code]);
            Assert.True(same, $"Code {code:X} is {expected[code]:R}, not {decoded[code]:R}.");
        }
    }
}
