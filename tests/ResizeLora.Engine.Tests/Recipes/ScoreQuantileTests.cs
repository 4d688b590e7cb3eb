using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>Quantiles of all scores, to see where a threshold would cut.</summary>
public sealed class ScoreQuantileTests
{
    [Fact]
    public void Quantiles_are_interpolated_between_neighbours_as_torch_does()
    {
        Assert.Equal([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99], ScoreQuantile.Shares);
        double[] expected = [-1.96, -1.6, -1, 0, 1, 1.6, 1.96];
        IReadOnlyList<double> found = ScoreQuantile.Of([
            [2, 0, -2],
            [],
            [1, -1],
        ]);
        Assert.Equal(expected.Length, found.Count);
        Assert.All(expected.Zip(found), static pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public void Scores_that_are_no_numbers_do_not_count() =>
        Assert.Equal(
            Enumerable.Repeat(3.0, 7),
            ScoreQuantile.Of([
                [double.NegativeInfinity, 3, double.NaN, double.PositiveInfinity],
            ])
        );

    [Fact]
    public void Of_nothing_there_are_none() =>
        Assert.Empty(
            ScoreQuantile.Of([
                [],
                [double.NegativeInfinity],
            ])
        );
}
