namespace ResizeLora.Recipes;

/// <summary>The ranks that kohya-ss/sd-scripts' resize_lora.py gives a layer by its dynamic methods.</summary>
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
    /// <param name="parameter">Its parameter: a ratio of at least 1, or a share of at most 1.</param>
    /// <param name="singularValues">σ of B·A, descending, at least one; the tool looks at the product without alpha/rank.</param>
    /// <param name="count">The version of the tool that is counted as.</param>
    public static int Of(DynamicMethod method, double parameter, IReadOnlyList<double> singularValues, SvCount count = SvCount.New)
    {
        if (IsEmpty(singularValues))
        {
            return 1;
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
}
