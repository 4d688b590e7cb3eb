using System.Globalization;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

public sealed class DecimalLogarithmTests
{
    [Fact]
    public void PowersOfTenAreExact()
    {
        for (int power = -300; power <= 300; power++)
        {
            double value = double.Parse($"1e{power}", CultureInfo.InvariantCulture);
            Assert.Equal(power, DecimalLogarithm.Of(value));
        }
    }

    [Fact]
    public void NumbersOfAllMagnitudesAgreeWithTheSystem()
    {
        var random = new Random(10);
        for (int count = 0; count < 200_000; count++)
        {
            // Any positive finite bit pattern, subnormal ones too.
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(1, 0x7FF0000000000000));
            AssertNear(value);
        }
    }

    [Fact]
    public void NumbersNearOneAgreeWithTheSystem()
    {
        var random = new Random(11);
        for (int count = 0; count < 200_000; count++)
        {
            AssertNear(1 + ((random.NextDouble() - 0.5) * Math.Pow(2, -random.Next(52))));
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, double.NegativeInfinity)]
    [InlineData(-1, double.NaN)]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, double.NaN)]
    [InlineData(double.Epsilon, -323.3062153431158)]
    [InlineData(double.MaxValue, 308.25471555991675)]
    public void LimitsAreKept(double value, double expected)
    {
        Assert.Equal(expected, DecimalLogarithm.Of(value));
    }

    // The same bits everywhere: of a script that takes the same steps, too.
    [Theory]
    [InlineData(2, 0x3FD34413509F79FF)]
    [InlineData(3, 0x3FDE8927964FD5FD)]
    [InlineData(0.7, 0xBFC3D3D3D21CCF04)]
    [InlineData(1.2345e-67, 0xC050BA2502898F9C)]
    [InlineData(6.02214076e23, 0x4037C79DC150C543)]
    public void BitsAreFixed(double value, ulong bits)
    {
        Assert.Equal(bits, BitConverter.DoubleToUInt64Bits(DecimalLogarithm.Of(value)));
    }

    // Both may be off by as much as the last digit.
    private static void AssertNear(double value)
    {
        double expected = Math.Log10(value);
        double difference = Math.Abs(DecimalLogarithm.Of(value) - expected);
        Assert.True(difference <= 2 * Math.BitIncrement(Math.Abs(expected)) - (2 * Math.Abs(expected)), $"{value:R}: {difference}");
    }
}
