using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>Which dimensions stay, by a threshold or by a size.</summary>
public sealed class DimensionSelectorTests
{
    // Few different scores, so that ties are common.
    private static readonly Gen<double[][]> Scores = Gen.OneOf(
            Gen.Int[-4, 4].Select(static score => score / 2.0),
            Gen.Double[-3, 3],
            Gen.Const(double.NegativeInfinity),
            Gen.Const(double.NaN),
            Gen.Const(double.PositiveInfinity)
        )
        .Array[0, 8]
        .Array[1, 6];

    [Fact]
    public void A_dimension_stays_when_its_score_is_strictly_above_the_threshold()
    {
        // 1e-15 above is rounding, 1e-12 above is above.
        double[] noNumbers = [double.NaN, double.NegativeInfinity, double.PositiveInfinity];
        DimensionSelection selection = DimensionSelector.ByThreshold(
            [
                [1, 0.5 + 1e-15, 0.5 + 1e-12, 0.4],
                [],
                [0.5],
                noNumbers,
            ],
            0.5
        );
        Assert.Equal(0.5, selection.Threshold);
        Assert.Equal(
            [
                [0, 2],
                [],
                [],
                [2],
            ],
            selection.Kept
        );
    }

    [Fact]
    public void No_threshold_keeps_what_is_worth_nothing() =>
        Assert.Equal(
            [
                [0],
            ],
            DimensionSelector
                .ByThreshold(
                    [
                        [-300, double.NegativeInfinity, double.NaN],
                    ],
                    double.NegativeInfinity
                )
                .Kept
        );

    [Fact]
    public void A_threshold_of_infinity_keeps_nothing() =>
        Assert.Equal(
            [
                [],
            ],
            DimensionSelector
                .ByThreshold(
                    [
                        [300, double.PositiveInfinity],
                    ],
                    double.PositiveInfinity
                )
                .Kept
        );

    [Fact]
    public void By_size_the_highest_scores_stay_for_as_long_as_they_fit()
    {
        DimensionSelection selection = DimensionSelector.BySize(
            [
                [3, 1],
                [2, 0],
            ],
            static kept => kept.Kept.Sum(layer => layer.Length) <= 2
        );
        Assert.Equal(
            [
                [0],
                [0],
            ],
            selection.Kept
        );
        Assert.Equal(1, selection.Threshold);
    }

    [Fact]
    public void Of_equal_scores_the_earlier_layers_and_the_lower_dimensions_stays()
    {
        DimensionSelection selection = DimensionSelector.BySize(
            [
                [1, 1],
                [1, 2],
                [1],
            ],
            static kept => kept.Kept.Sum(layer => layer.Length) <= 3
        );
        Assert.Equal(
            [
                [0, 1],
                [1],
                [],
            ],
            selection.Kept
        );
        Assert.Equal(1, selection.Threshold);
    }

    [Fact]
    public void When_everything_fits_nothing_is_cut_but_what_is_worth_nothing()
    {
        DimensionSelection selection = DimensionSelector.BySize(
            [
                [1, double.NegativeInfinity],
                [double.NaN, -300],
            ],
            static _ => true
        );
        Assert.Equal(
            [
                [0],
                [1],
            ],
            selection.Kept
        );
        Assert.Equal(double.NegativeInfinity, selection.Threshold);
    }

    [Fact]
    public void When_nothing_fits_nothing_stays() =>
        Assert.All(
            DimensionSelector
                .BySize(
                    [
                        [1, 2],
                        [3],
                    ],
                    static kept => kept.Kept.All(layer => layer.Length == 0)
                )
                .Kept,
            Assert.Empty
        );

    [Fact]
    public void A_selection_by_size_is_the_longest_run_of_the_ranking_that_fits() =>
        Property.Holds(
            Gen.Select(Scores, Gen.Int[1, 20].Array[6], Gen.Int[0, 300], static (scores, costs, limit) => (scores, costs, limit)),
            3000,
            static sample =>
            {
                int CostOf(IReadOnlyList<int[]> kept) =>
                    kept.Select((layer, index) => (layer.Length * sample.costs[index]) + (layer.Length > 0 ? 7 : 0)).Sum();
                (int Layer, int Dimension)[] ranking = sample
                    .scores.SelectMany((layer, index) => layer.Select((score, dimension) => (score, index, dimension)))
                    .Where(static candidate => candidate.score > double.NegativeInfinity)
                    .OrderByDescending(static candidate => candidate.score)
                    .ThenBy(static candidate => candidate.index)
                    .ThenBy(static candidate => candidate.dimension)
                    .Select(static candidate => (candidate.index, candidate.dimension))
                    .ToArray();
                int[][] Prefix(int count) =>
                    sample
                        .scores.Select(
                            (_, layer) =>
                                ranking[..count]
                                    .Where(entry => entry.Layer == layer)
                                    .Select(static entry => entry.Dimension)
                                    .Order()
                                    .ToArray()
                        )
                        .ToArray();
                int expected = Enumerable.Range(0, ranking.Length + 1).Last(count => CostOf(Prefix(count)) <= sample.limit);

                DimensionSelection selection = DimensionSelector.BySize(sample.scores, kept => CostOf(kept.Kept) <= sample.limit);
                Assert.Equal(Prefix(expected), selection.Kept);
                Assert.Equal(
                    expected < ranking.Length
                        ? sample.scores[ranking[expected].Layer][ranking[expected].Dimension]
                        : double.NegativeInfinity,
                    selection.Threshold
                );
            }
        );
}
