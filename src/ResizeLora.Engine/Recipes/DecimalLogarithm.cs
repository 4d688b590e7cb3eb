namespace ResizeLora.Recipes;

/// <summary>The decimal logarithm, with the same bits on every system, and in a script that takes the same steps.</summary>
/// <remarks>
/// Systems round their own logarithms differently in the last digit, and a score at a bound would fall on either side. Here there are
/// only sums, products and quotients of doubles and the parts of their bits, as in fdlibm's e_log10.c; right to 0.65 of the last digit,
/// and exact for powers of ten.
/// </remarks>
internal static class DecimalLogarithm
{
    // log10(2) and log10(e), each in two parts. The high ones end in 21 zero bits, so that a product with a number of 21 bits is exact.
    private const double Log2High = 0.3010299955494702;
    private const double Log2Low = 1.1451100898021838e-10;
    private const double LogEHigh = 0.4342944818781689;
    private const double LogELow = 2.5082946711645275e-11;

    private const double SquareRootOf2 = 1.4142135623730951;
    private const double SmallestNormal = 2.2250738585072014e-308;
    private const double TwoTo54 = 18014398509481984;

    private const int FractionBits = 52;
    private const int Bias = 1023;
    private const long FractionMask = (1L << FractionBits) - 1;
    private const long LowWord = 0xFFFFFFFF;

    // The rest of the series is below 2⁻⁶⁰ for every |s| ≤ (√2 − 1)/(√2 + 1).
    private const int Terms = 10;

    /// <summary>log10(x): −∞ for 0, NaN below it.</summary>
    /// <param name="value">x.</param>
    public static double Of(double value)
    {
        if (!(value > 0) || double.IsInfinity(value))
        {
            return value == 0 ? double.NegativeInfinity
                : value > 0 ? value
                : double.NaN;
        }

        // x = 2^exponent · (1 + f), with 1 + f between √½ and √2.
        bool isSubnormal = value < SmallestNormal;
        long bits = BitConverter.DoubleToInt64Bits(isSubnormal ? value * TwoTo54 : value);
        int exponent = (int)(bits >> FractionBits) - Bias - (isSubnormal ? 54 : 0);
        double mantissa = BitConverter.Int64BitsToDouble((bits & FractionMask) | ((long)Bias << FractionBits));
        if (mantissa > SquareRootOf2)
        {
            mantissa *= 0.5;
            exponent++;
        }

        // ln(1 + f) = f − f²/2 + s·(f²/2 + R(s)), with s = f/(2 + f) and R(s) = 2s²/3 + 2s⁴/5 + …, the series of the area tangent.
        double f = mantissa - 1;
        double s = f / (2 + f);
        double halfSquare = 0.5 * f * f;
        double series = SeriesOf(s * s);
        double high = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(f - halfSquare) & ~LowWord);
        double low = f - high - halfSquare + (s * (halfSquare + series));

        // The large parts are exact; what their sum loses is added to the small ones.
        double ofExponent = exponent * Log2High;
        double ofMantissa = high * LogEHigh;
        double sum = ofExponent + ofMantissa;
        double rest = (exponent * Log2Low) + (((low + high) * LogELow) + (low * LogEHigh));
        return sum + (rest + (ofExponent - sum + ofMantissa));
    }

    private static double SeriesOf(double square)
    {
        double sum = 0;
        for (int term = Terms; term > 0; term--)
        {
            sum = square * ((2.0 / ((2 * term) + 1)) + sum);
        }

        return sum;
    }
}
