using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>Infinity and NaN are found at any place, and nothing else is.</summary>
public sealed class FiniteWeightsTests
{
    private const int Length = 37;

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.NaN)]
    public void One_that_is_not_finite_is_found_wherever_it_stands(float value)
    {
        for (int place = 0; place < Length; place++)
        {
            Assert.All(Stored(place, value), static stored => Assert.False(FiniteWeights.Are(stored.Type, stored.Bytes)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-65504)]
    [InlineData(6e-8f)]
    public void Numbers_are_finite(float value) =>
        Assert.All(Stored(20, value), static stored => Assert.True(FiniteWeights.Are(stored.Type, stored.Bytes)));

    [Fact]
    public void Other_types_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => FiniteWeights.Are(TensorType.Float64, new byte[8]));

    private static (TensorType Type, byte[] Bytes)[] Stored(int place, float value)
    {
        float[] values = Enumerable.Range(0, Length).Select(static index => 60000f - index).ToArray();
        values[place] = value;
        return
        [
            (TensorType.Float16, MemoryMarshal.AsBytes<Half>(Array.ConvertAll(values, static number => (Half)number)).ToArray()),
            (
                TensorType.BFloat16,
                MemoryMarshal
                    .AsBytes<ushort>(Array.ConvertAll(values, static number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16)))
                    .ToArray()
            ),
            (TensorType.Float32, MemoryMarshal.AsBytes<float>(values).ToArray()),
        ];
    }
}
