using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>Caps of the rank, and the ranks that kohya's tool counts.</summary>
public sealed class RankLimitsTests
{
    private static readonly double[] Halving = [16, 8, 4, 2, 1];

    private static readonly Gen<double[]> Spectrum = Gen.OneOf(Gen.Double[0, 10], Gen.Int[0, 3].Select(static value => (double)value)).Array[1, 12]
        .Select(static values => values.OrderDescending().ToArray());

    [Theory]
    [InlineData(DynamicMethod.SingularValueRatio, 1, 2)]
    [InlineData(DynamicMethod.SingularValueRatio, 2, 2)]
    [InlineData(DynamicMethod.SingularValueRatio, 2.001, 3)]
    [InlineData(DynamicMethod.SingularValueRatio, 16.1, 5)]
    [InlineData(DynamicMethod.SingularValueRatio, double.PositiveInfinity, 5)]
    [InlineData(DynamicMethod.FrobeniusShare, 1e-9, 2)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.9, 3)]
    [InlineData(DynamicMethod.FrobeniusShare, 1, 5)]
    [InlineData(DynamicMethod.CumulativeShare, 16.0 / 31, 2)]
    [InlineData(DynamicMethod.CumulativeShare, 0.6, 3)]
    [InlineData(DynamicMethod.CumulativeShare, 1, 5)]
    public void One_dimension_more_stays_than_the_rule_counts_as_in_kohyas_tool(DynamicMethod method, double parameter, int expected) =>
        Assert.Equal(expected, DynamicRank.Of(method, parameter, Halving));

    [Theory]
    [InlineData(DynamicMethod.SingularValueRatio, 5)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.9)]
    [InlineData(DynamicMethod.CumulativeShare, 0.9)]
    public void A_layer_with_one_singular_value_keeps_it_where_kohyas_tool_fails(DynamicMethod method, double parameter)
    {
        Assert.Equal(1, DynamicRank.Of(method, parameter, [3.0]));
        Assert.Equal(1, DynamicRank.Of(method, parameter, [1e-6, 1e-7]));
        Assert.Equal(1, DynamicRank.Of(method, parameter, [0.0, 0, 0]));
    }

    [Fact]
    public void A_dimension_on_a_bound_that_went_through_a_power_of_ten_stays_out() => Property.Holds(Spectrum.Where(static values => values[^1] > 0.01), 2000, static values =>
    {
        for (int index = 1; index < values.Length; index++)
        {
            double threshold = Math.Log10(values[index]) - Math.Log10(values[0]);
            int above = values.Count(value => value > values[index]);
            Assert.Equal(Math.Min(Math.Max(above, 1) + 1, values.Length), DynamicRank.Of(DynamicMethod.SingularValueRatio, Math.Pow(10, -threshold), values));
        }
    });

    [Fact]
    public void Ranks_lie_between_one_and_all_and_grow_with_the_parameter() => Property.Holds(Gen.Select(Spectrum, Gen.Double[0.001, 1], Gen.Double[0.001, 1], Gen.Enum<DynamicMethod>()), 5000, static sample =>
    {
        (double[] values, double one, double other, DynamicMethod method) = sample;
        double Parameter(double share) => method == DynamicMethod.SingularValueRatio ? 1 / (1.001 - share) : share;
        int less = DynamicRank.Of(method, Parameter(Math.Min(one, other)), values);
        int more = DynamicRank.Of(method, Parameter(Math.Max(one, other)), values);
        Assert.InRange(less, 1, more);
        Assert.InRange(more, less, values.Length);
    });

    [Theory]
    [InlineData(null, null, 5, 5)]
    [InlineData(3, null, 3, 3)]
    [InlineData(null, 2, 5, 2)]
    [InlineData(3, 2, 3, 2)]
    [InlineData(2, 4, 2, 4)]
    [InlineData(100, 100, 5, 5)]
    public void A_rank_caps_convolutions_too_unless_they_have_a_cap_of_their_own(int? rank, int? convRank, int linear, int convolution)
    {
        var limits = new RankLimits { Rank = rank, ConvRank = convRank };
        Assert.Equal(Enumerable.Range(0, linear), limits.Select(Halving, isConvolution: false));
        Assert.Equal(Enumerable.Range(0, convolution), limits.Select(Halving, isConvolution: true));
    }

    [Fact]
    public void Of_the_ratio_and_the_cap_the_stricter_decides()
    {
        Assert.Equal([0, 1, 2], new RankLimits { SvRatio = 3, Rank = 4 }.Select(Halving, isConvolution: false));
        Assert.Equal([0, 1], new RankLimits { SvRatio = 3, Rank = 2 }.Select(Halving, isConvolution: false));
        Assert.Equal([0], new RankLimits { SvRatio = 3, Rank = 2, ConvRank = 1 }.Select(Halving, isConvolution: true));
    }

    [Fact]
    public void A_layer_that_is_all_zero_keeps_one_dimension_as_in_kohyas_tool() =>
        Assert.Equal([0], new RankLimits { Rank = 4 }.Select([0.0, 0, 0, 0, 0], isConvolution: false));

    [Fact]
    public void Beside_scores_a_method_leaves_the_first_dimensions_and_a_cap_the_best()
    {
        double[] scores = [1, 3, 2, 5, 4];
        double none = double.NegativeInfinity;
        Assert.Equal([1, 3, 2, none, none], new RankLimits { SvRatio = 3 }.LimitRank(scores, Halving, isConvolution: false));
        Assert.Equal([none, none, none, 5, 4], new RankLimits { Rank = 2 }.LimitRank(scores, Halving, isConvolution: false));
        Assert.Equal([none, 3, 2, none, none], new RankLimits { SvRatio = 3, Rank = 2 }.LimitRank(scores, Halving, isConvolution: false));
        Assert.Equal(scores, RankLimits.None.LimitRank(scores, Halving, isConvolution: true));
    }
}
