using System.Globalization;
using System.Numerics;
using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>Numbers in names of files are those that Python's <c>f"{v:.2f}".rstrip("0").rstrip(".")</c> gives.</summary>
public sealed class RecipeNumberTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(100, "100")]
    [InlineData(-1.2, "-1.2")]
    [InlineData(0.5, "0.5")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(0.125, "0.12")]
    [InlineData(0.375, "0.38")]
    [InlineData(0.625, "0.62")]
    [InlineData(0.875, "0.88")]
    [InlineData(-0.125, "-0.12")]
    [InlineData(2.375, "2.38")]
    [InlineData(1234567890123.125, "1234567890123.12")]
    [InlineData(1234567890123.375, "1234567890123.38")]
    [InlineData(2.675, "2.67")]
    [InlineData(1.005, "1")]
    [InlineData(0.005, "0.01")]
    [InlineData(0.015, "0.01")]
    [InlineData(0.045, "0.04")]
    [InlineData(0.285, "0.28")]
    [InlineData(-0.115, "-0.12")]
    [InlineData(0.995, "0.99")]
    [InlineData(0.9951, "1")]
    [InlineData(-0.001, "-0")]
    [InlineData(-0.0, "-0")]
    [InlineData(0.004, "0")]
    [InlineData(1.0 / 3, "0.33")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void Two_decimals_are_those_of_Python(double value, string expected) => Assert.Equal(expected, RecipeNumber.Short(value));

    [Fact]
    public void Two_decimals_are_the_exact_number_rounded_half_to_even() =>
        Property.Holds(
            Gen.OneOf(
                Gen.Double[-10, 10],
                Gen.Int[-4000, 4000].Select(static number => number / 8.0),
                Gen.Int[-4000, 4000].Select(static number => number / 200.0),
                Gen.Double[-1e9, 1e9],
                Gen.Int[-99, 99].Select(static number => number + 1e12 + 0.125)
            ),
            20_000,
            static value => Assert.Equal(ExactlyRounded(value).TrimEnd('0').TrimEnd('.'), RecipeNumber.Short(value))
        );

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1.0 / 3, "0.3333333333333333")]
    [InlineData(-12, "-12")]
    [InlineData(1e-7, "1E-07")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void All_digits_are_the_fewest_that_give_the_number_back(double value, string expected)
    {
        Assert.Equal(expected, RecipeNumber.Exact(value));
        Assert.Equal(value, ResizeRecipe.Parse($"spn_lora,thr={RecipeNumber.Exact(value)}").Threshold);
    }

    // A double is an integer times a power of two; with integers alone nothing is rounded twice.
    private static string ExactlyRounded(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        int power = Math.Max(exponent, 1) - 1075;
        BigInteger numerator = mantissa * 100 * (power > 0 ? BigInteger.One << power : 1);
        BigInteger denominator = power < 0 ? BigInteger.One << -power : 1;
        BigInteger hundredths = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (2 * rest).CompareTo(denominator);
        hundredths += half > 0 || (half == 0 && !hundredths.IsEven) ? 1 : 0;
        string sign = bits < 0 ? "-" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{hundredths / 100}.{(int)(hundredths % 100):00}");
    }
}
