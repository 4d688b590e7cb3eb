using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>Caps of the rank, and the ranks that kohya's tool counts.</summary>
public sealed class RankLimitsTests
{
    private static readonly double[] Halving = [16, 8, 4, 2, 1];

    private static readonly Gen<double[]> Spectrum = Gen.OneOf(Gen.Double[0, 10], Gen.Int[0, 3].Select(static value => (double)value))
        .Array[1, 12]
        .Select(static values => values.OrderDescending().ToArray());

    // The shares of the norm that the first, the first two … hold: 0.866, 0.968, 0.992, 0.999, 1; of the sum: 0.516, 0.774, …
    [Theory]
    [InlineData(DynamicMethod.SingularValueRatio, 1, 1, 2)]
    [InlineData(DynamicMethod.SingularValueRatio, 2, 1, 2)]
    [InlineData(DynamicMethod.SingularValueRatio, 2.001, 2, 3)]
    [InlineData(DynamicMethod.SingularValueRatio, 16, 4, 5)]
    [InlineData(DynamicMethod.SingularValueRatio, 16.1, 5, 5)]
    [InlineData(DynamicMethod.SingularValueRatio, double.PositiveInfinity, 5, 5)]
    [InlineData(DynamicMethod.FrobeniusShare, 1e-9, 1, 2)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.9, 2, 3)]
    [InlineData(DynamicMethod.FrobeniusShare, 1, 5, 5)]
    [InlineData(DynamicMethod.CumulativeShare, 16.0 / 31, 1, 2)]
    [InlineData(DynamicMethod.CumulativeShare, 0.6, 2, 3)]
    [InlineData(DynamicMethod.CumulativeShare, 1, 5, 5)]
    public void A_method_keeps_what_it_asks_for_and_one_more_by_the_old_count(
        DynamicMethod method,
        double parameter,
        int expected,
        int before
    )
    {
        Assert.Equal(expected, DynamicRank.Of(method, parameter, Halving));
        Assert.Equal(before, DynamicRank.Of(method, parameter, Halving, SvCount.Old));
    }

    // The figures of kohya's own functions before and after pull request 2194, for the singular values 6, 3, 2, 1.
    [Theory]
    [InlineData(DynamicMethod.CumulativeShare, 0.5, 1, 2)]
    [InlineData(DynamicMethod.CumulativeShare, 0.7, 2, 3)]
    [InlineData(DynamicMethod.CumulativeShare, 0.9, 3, 4)]
    [InlineData(DynamicMethod.CumulativeShare, 0.95, 4, 4)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.5, 1, 2)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.7, 1, 2)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.9, 2, 3)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.95, 3, 4)]
    [InlineData(DynamicMethod.SingularValueRatio, 2.5, 2, 3)]
    [InlineData(DynamicMethod.SingularValueRatio, 4, 3, 4)]
    public void A_known_spectrum_keeps_what_kohyas_functions_count(DynamicMethod method, double parameter, int expected, int before)
    {
        Assert.Equal(expected, DynamicRank.Of(method, parameter, [6, 3, 2, 1]));
        Assert.Equal(before, DynamicRank.Of(method, parameter, [6, 3, 2, 1], SvCount.Old));
    }

    [Theory]
    [InlineData(DynamicMethod.SingularValueRatio, 5)]
    [InlineData(DynamicMethod.FrobeniusShare, 0.9)]
    [InlineData(DynamicMethod.CumulativeShare, 0.9)]
    public void A_layer_with_one_singular_value_keeps_it_where_kohyas_tool_failed(DynamicMethod method, double parameter)
    {
        foreach (SvCount count in Enum.GetValues<SvCount>())
        {
            Assert.Equal(1, DynamicRank.Of(method, parameter, [3.0], count));
            Assert.Equal(1, DynamicRank.Of(method, parameter, [1e-6, 1e-7], count));
            Assert.Equal(1, DynamicRank.Of(method, parameter, [0.0, 0, 0], count));
        }
    }

    [Fact]
    public void A_dimension_on_a_bound_that_went_through_a_power_of_ten_stays_out() =>
        Property.Holds(
            Spectrum.Where(static values => values[^1] > 0.01),
            2000,
            static values =>
            {
                for (int index = 1; index < values.Length; index++)
                {
                    double threshold = Math.Log10(values[index]) - Math.Log10(values[0]);
                    int above = values.Count(value => value > values[index] * (1 + 1e-9));
                    Assert.Equal(Math.Max(above, 1), DynamicRank.Of(DynamicMethod.SingularValueRatio, Math.Pow(10, -threshold), values));
                }
            }
        );

    [Fact]
    public void A_ratio_keeps_what_its_threshold_against_the_layers_own_norm_keeps() =>
        Property.Holds(
            Gen.Select(Spectrum.Where(static values => values[0] > 0.01), Gen.Double[1, 100], Gen.Double[1e-3, 1e3]),
            3000,
            static sample =>
            {
                (double[] values, double any, double scale) = sample;

                // Any ratio, whole ones, and those on which a singular value lies exactly.
                double[] ratios = [any, Math.Round(any), .. values.Where(static value => value > 0).Select(value => values[0] / value)];
                foreach (double ratio in ratios)
                {
                    // The score is of ΔW, which alpha/rank scales; kohya's tool looks at the product of the factors.
                    var recipe = ResizeRecipe.Parse(FormattableString.Invariant($"spn_lora=1,thr={-Math.Log10(ratio):R}"));
                    double[] scores = Scoring.Score(recipe, new LayerReferences(values.Select(value => value * scale).ToArray(), 1, 1));
                    int[] byScore = DimensionSelector.ByThreshold([scores], recipe.Threshold!.Value).Kept[0];
                    int[] byRatio = new RankLimits { SvRatio = ratio }.Select(values, isConvolution: false);

                    // At a ratio of 1 the largest lies on the bound; kohya's tool never keeps less than one.
                    Assert.Equal(byScore.Length == 0 ? [0] : byScore, byRatio);
                }
            }
        );

    [Fact]
    public void Ranks_lie_between_one_and_all_and_grow_with_the_parameter() =>
        Property.Holds(
            Gen.Select(Spectrum, Gen.Double[0.001, 1], Gen.Double[0.001, 1], Gen.Enum<DynamicMethod>(), Gen.Enum<SvCount>()),
            5000,
            static sample =>
            {
                (double[] values, double one, double other, DynamicMethod method, SvCount count) = sample;
                double Parameter(double share) => method == DynamicMethod.SingularValueRatio ? 1 / (1.001 - share) : share;
                int less = DynamicRank.Of(method, Parameter(Math.Min(one, other)), values, count);
                int more = DynamicRank.Of(method, Parameter(Math.Max(one, other)), values, count);
                Assert.InRange(less, 1, more);
                Assert.InRange(more, less, values.Length);
            }
        );

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
        Assert.Equal([0, 1, 2], new RankLimits { SvRatio = 5, Rank = 4 }.Select(Halving, isConvolution: false));
        Assert.Equal(
            [0, 1, 2, 3],
            new RankLimits
            {
                SvRatio = 5,
                Rank = 4,
                SvCount = SvCount.Old,
            }.Select(Halving, isConvolution: false)
        );
        Assert.Equal([0, 1], new RankLimits { SvRatio = 5, Rank = 2 }.Select(Halving, isConvolution: false));
        Assert.Equal(
            [0],
            new RankLimits
            {
                SvRatio = 5,
                Rank = 2,
                ConvRank = 1,
            }.Select(Halving, isConvolution: true)
        );
    }

    [Fact]
    public void A_layer_that_is_all_zero_keeps_one_dimension_as_in_kohyas_tool() =>
        Assert.Equal([0], new RankLimits { Rank = 4 }.Select([0.0, 0, 0, 0, 0], isConvolution: false));

    [Fact]
    public void Beside_scores_a_method_leaves_the_first_dimensions_and_a_cap_the_best()
    {
        double[] scores = [1, 3, 2, 5, 4];
        double none = double.NegativeInfinity;
        Assert.Equal([1, 3, 2, none, none], new RankLimits { SvRatio = 5 }.LimitRank(scores, Halving, isConvolution: false));
        Assert.Equal([none, none, none, 5, 4], new RankLimits { Rank = 2 }.LimitRank(scores, Halving, isConvolution: false));
        Assert.Equal([none, 3, 2, none, none], new RankLimits { SvRatio = 5, Rank = 2 }.LimitRank(scores, Halving, isConvolution: false));
        Assert.Equal(scores, RankLimits.None.LimitRank(scores, Halving, isConvolution: true));
    }
}
