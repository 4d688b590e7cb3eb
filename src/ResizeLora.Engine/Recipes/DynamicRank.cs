namespace ResizeLora.Recipes;

/// <summary>The ranks that kohya-ss/sd-scripts' resize_lora.py gives a layer by its dynamic methods, and the knee of a spectrum.</summary>
public static class DynamicRank
{
    // kohya's MIN_SV: a product of factors that is no larger counts as zero.
    private const double NoProduct = 1e-6;

    // A share that is reached but for rounding is reached.
    private const double Rounding = 1e-12;

    /// <summary>
    /// Whether the tool takes a layer for empty; it keeps one dimension of such a layer, by every method and at every rank.
    /// </summary>
    /// <param name="singularValues">σ of B·A, descending, at least one.</param>
    public static bool IsEmpty(IReadOnlyList<double> singularValues)
    {
        ArgumentNullException.ThrowIfNull(singularValues);
        return singularValues[0] <= NoProduct;
    }

    /// <summary>The rank of a layer, at least 1.</summary>
    /// <remarks>The old tool fails on a layer with a single singular value; here that one is kept.</remarks>
    /// <param name="method">The method.</param>
    /// <param name="parameter">Its parameter: a ratio of at least 1, or a share of at most 1; the knee has none.</param>
    /// <param name="singularValues">σ of B·A, descending, at least one; the tool looks at the product without alpha/rank.</param>
    /// <param name="count">The version of the tool that is counted as.</param>
    public static int Of(DynamicMethod method, double parameter, IReadOnlyList<double> singularValues, SvCount count = SvCount.New)
    {
        if (IsEmpty(singularValues))
        {
            return 1;
        }

        if (method == DynamicMethod.Knee)
        {
            return CountToKnee(singularValues);
        }

        // A plain product: a power would have other last digits on other systems.
        double Square(double value)
        {
            double share = value / singularValues[0];
            return share * share;
        }

        int asked = method switch
        {
            DynamicMethod.SingularValueRatio => CountAbove(singularValues, parameter),
            DynamicMethod.FrobeniusShare => CountToShare(singularValues, Square, parameter * parameter),
            _ => CountToShare(singularValues, static value => value, parameter),
        };
        return Math.Min(Math.Max(asked, 1) + (count == SvCount.Old ? 1 : 0), singularValues.Count);
    }

    // Counted as the score spn_lora=1,thr=-log10(ratio) does, so that both agree on a bound, too.
    private static int CountAbove(IReadOnlyList<double> singularValues, double ratio)
    {
        double largest = DecimalLogarithm.Of(singularValues[0]);
        return singularValues.Count(value => DimensionSelector.IsAbove(DecimalLogarithm.Of(value) - largest, -DecimalLogarithm.Of(ratio)));
    }

    // How many of the largest it takes until their sum is no less than the share.
    private static int CountToShare(IReadOnlyList<double> singularValues, Func<double, double> measure, double share)
    {
        double total = singularValues.Sum(measure);
        double sum = 0;
        int count = 0;
        while (count < singularValues.Count && sum < share * total * (1 - Rounding))
        {
            sum += measure(singularValues[count++]);
        }

        return count;
    }

    // The knee is the dimension farthest from the chord between the first σ and the last, with both axes from 0 to 1. Either side counts:
    // the spectra of trained LoRAs bend down below the chord, and the point farthest above it would be their first one.
    private static int CountToKnee(IReadOnlyList<double> singularValues)
    {
        int last = singularValues.Count - 1;
        double lowest = singularValues[last];
        double height = singularValues[0] - lowest;
        if (last < 2 || height == 0)
        {
            return singularValues.Count;
        }

        int knee = 0;
        double farthest = 0;
        for (int index = 0; index <= last; index++)
        {
            double chord = 1 - (index / (double)last);
            double distance = Math.Abs(((singularValues[index] - lowest) / height) - chord);
            if (distance > farthest)
            {
                (knee, farthest) = (index, distance);
            }
        }

        return knee + 1;
    }
}
