namespace ResizeLora;

/// <summary>√Σxᵢ², also where the squares would leave the range of doubles.</summary>
internal static class EuclideanNorm
{
    /// <summary>Computes the norm.</summary>
    /// <param name="values">x.</param>
    public static double Of(IEnumerable<double> values)
    {
        double[] numbers = values as double[] ?? values.ToArray();
        double largest = numbers.Length == 0 ? 0 : numbers.Max(Math.Abs);
        if (largest == 0 || !double.IsFinite(largest))
        {
            return largest;
        }

        // A power of two, so that nothing is rounded by it.
        int exponent = Math.ILogB(largest);
        double squares = numbers.Sum(value => Math.ScaleB(value, -exponent) * Math.ScaleB(value, -exponent));
        return Math.ScaleB(Math.Sqrt(squares), exponent);
    }
}
