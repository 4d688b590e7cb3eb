using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>Cuts by quality: the fewest dimensions, the highest scores first, that are good enough.</summary>
public sealed class QualityGoalTests
{
    private const double Rounding = 1e-11;

    private static readonly double[] Magnitudes = [1, 1e-200, 1e-100, 1e100, 1e200];
    private static readonly double[] UsualShares = [0.5, 0.9, 0.99, 1];

    private static readonly int[][] TwoOfTwo =
    [
        [0],
        [0],
    ];

    // Spectra of any magnitude, with ties and zeros among them.
    private static readonly Gen<double[][]> Spectra = Gen.Select(
        Gen.OneOf(Gen.Double[0, 10], Gen.Int[0, 3].Select(static value => (double)value)).Array[1, 10].Array[1, 6],
        Gen.OneOf(Magnitudes),
        static (layers, magnitude) => layers.Select(layer => layer.OrderDescending().Select(value => value * magnitude).ToArray()).ToArray()
    );

    private static readonly Gen<double> Share = Gen.OneOf(Gen.Double[0.01, 0.999], Gen.OneOf(UsualShares));

    [Fact]
    public void What_is_retained_reaches_the_share_and_one_dimension_less_would_not() =>
        Property.Holds(
            Gen.Select(Spectra, Share),
            3000,
            static sample =>
            {
                (double[][] spectra, double share) = sample;
                DimensionSelection selection = Select($"retain={RecipeNumber.Exact(share)}", spectra);
                int count = CountOf(selection);
                if (count == 0)
                {
                    Assert.All(spectra, static layer => Assert.Equal(0, layer[0]));
                    return;
                }

                Assert.InRange(Retained(spectra, selection.Kept), share - Rounding, 1);
                Assert.True(Retained(spectra, First(spectra, count - 1)) < share + Rounding);
                Assert.Equal(First(spectra, count), selection.Kept);
            }
        );

    [Fact]
    public void What_is_lost_against_the_base_stays_below_the_loss_and_one_dimension_less_would_not() =>
        Property.Holds(
            Gen.Select(Spectra, Gen.Double[0.001, 2], Gen.Double[0.1, 100], Gen.Double[0.1, 10]),
            3000,
            static sample =>
            {
                (double[][] spectra, double loss, double norm, double rescale) = sample;
                double[] norms = spectra.Select(layer => norm * spectra.Max(static other => other[0])).ToArray();
                if (norms[0] == 0)
                {
                    return;
                }

                DimensionSelection selection = Select(
                    $"loss={RecipeNumber.Exact(loss)},rescale={RecipeNumber.Exact(rescale)}",
                    spectra,
                    norms
                );
                double Lost(IReadOnlyList<int[]> kept) => Norm(DroppedOf(spectra, kept)) * rescale / Norm(norms);
                int count = CountOf(selection);
                Assert.InRange(Lost(selection.Kept), 0, loss * (1 + Rounding));
                Assert.Equal(First(spectra, count), selection.Kept);
                Assert.True(count == 0 || Lost(First(spectra, count - 1)) > loss * (1 - Rounding));
            }
        );

    [Fact]
    public void Of_a_quality_and_a_size_the_fewer_dimensions_stay() =>
        Property.Holds(
            Gen.Select(Spectra, Share, Gen.Int[0, 40]),
            2000,
            static sample =>
            {
                (double[][] spectra, double share, int most) = sample;
                DimensionSelection quality = Select($"retain={RecipeNumber.Exact(share)}", spectra);
                DimensionSelection size = DimensionSelector.BySize(ScoresOf("size=1", spectra), kept => CountOf(kept) <= most);
                DimensionSelection both = Select(
                    $"retain={RecipeNumber.Exact(share)},size=1",
                    spectra,
                    fits: kept => CountOf(kept) <= most
                );
                DimensionSelection stricter = CountOf(size) < CountOf(quality) ? size : quality;
                Assert.Equal(stricter.Kept, both.Kept);
                Assert.Equal(stricter.Threshold, both.Threshold);
            }
        );

    [Fact]
    public void Of_equal_scores_the_earlier_layers_and_the_lower_dimensions_go_first()
    {
        double[][] equal =
        [
            [1, 1],
            [1, 1],
        ];
        DimensionSelection half = Select("retain=0.5", equal);
        Assert.Equal(
            [
                [0, 1],
                [],
            ],
            half.Kept
        );
        Assert.Equal(0, half.Threshold);
        Assert.Equal(
            [
                [0, 1],
                [0],
            ],
            Select("retain=0.75", equal).Kept
        );
    }

    [Fact]
    public void A_share_that_is_reached_but_for_rounding_is_reached() =>
        Assert.Equal(
            [
                [0, 1, 2],
            ],
            Select(
                "retain=0.3",
                [
                    [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
                ]
            ).Kept
        );

    [Fact]
    public void Scores_order_what_the_quality_counts()
    {
        double[][] spectra =
        [
            [100, 50],
            [2, 1.9],
        ];

        // Against its own first σ, 1.9 comes before 50; but it adds nothing to the file's norm, so that 50 is needed as well.
        DimensionSelection selection = Select("spn_lora=1,retain=0.9", spectra);
        Assert.Equal(
            [
                [0, 1],
                [0, 1],
            ],
            selection.Kept
        );
        Assert.Equal(double.NegativeInfinity, selection.Threshold);
        Assert.Equal(TwoOfTwo, Select("spn_lora=1,retain=0.7998", spectra).Kept);
    }

    [Fact]
    public void Where_the_limits_leave_too_little_all_that_they_leave_stays()
    {
        double none = double.NegativeInfinity;
        double[][] allowed =
        [
            [0, none],
            [0, none],
        ];
        LayerReferences[] layers = [new([1, 1], 4, 4), new([1, 1], 4, 4)];
        var recipe = ResizeRecipe.Parse("retain=0.9");
        DimensionSelection selection = DimensionSelector.ByQuality(allowed, QualityGoal.Of(recipe.Cut, recipe.Rescale, layers)!);
        Assert.Equal(TwoOfTwo, selection.Kept);
        Assert.Equal(none, selection.Threshold);
    }

    [Fact]
    public void Nothing_of_zeros_stays() =>
        Assert.All(
            Select(
                "retain=0.5",
                [
                    [0, 0],
                    [0],
                ]
            ).Kept,
            Assert.Empty
        );

    [Fact]
    public void A_loss_that_everything_stays_below_keeps_nothing() =>
        Assert.All(
            Select(
                "loss=0.5",
                [
                    [3, 4],
                ],
                [100]
            ).Kept,
            Assert.Empty
        );

    [Fact]
    public void A_base_of_zeros_keeps_everything() =>
        Assert.Equal(
            [
                [0, 1],
            ],
            Select(
                "loss=0.5",
                [
                    [4, 3],
                ],
                [0]
            ).Kept
        );

    private static DimensionSelection Select(
        string text,
        double[][] spectra,
        double[]? norms = null,
        Func<DimensionSelection, bool>? fits = null
    )
    {
        var recipe = ResizeRecipe.Parse(text);
        LayerReferences[] layers = ReferencesOf(spectra, norms);
        return DimensionSelector.ByQuality(ScoresOf(text, spectra), QualityGoal.Of(recipe.Cut, recipe.Rescale, layers)!, fits);
    }

    private static double[][] ScoresOf(string recipe, double[][] spectra) =>
        ReferencesOf(spectra, null)
            .Select(layer =>
                layer.SingularValues[0] == 0
                    ? Array.ConvertAll([.. layer.SingularValues], static _ => double.NegativeInfinity)
                    : Scoring.Score(ResizeRecipe.Parse(recipe), layer)
            )
            .ToArray();

    private static LayerReferences[] ReferencesOf(double[][] spectra, double[]? norms) =>
        [.. spectra.Select((layer, index) => new LayerReferences(layer, 4, 4, norms?[index], norms?[index]))];

    // The first so many of all σ above zero, by their size.
    private static int[][] First(double[][] spectra, int count)
    {
        var first = spectra
            .SelectMany(static (layer, index) => layer.Select((value, dimension) => (value, index, dimension)))
            .Where(static entry => entry.value > 0)
            .OrderByDescending(static entry => entry.value)
            .ThenBy(static entry => entry.index)
            .ThenBy(static entry => entry.dimension)
            .Take(count)
            .ToLookup(static entry => entry.index, static entry => entry.dimension);
        return [.. spectra.Select((_, index) => first[index].Order().ToArray())];
    }

    private static double Retained(double[][] spectra, IReadOnlyList<int[]> kept)
    {
        double ratio = Norm(DroppedOf(spectra, kept)) / Norm(spectra.SelectMany(static layer => layer));
        return 1 - (ratio * ratio);
    }

    private static IEnumerable<double> DroppedOf(double[][] spectra, IReadOnlyList<int[]> kept) =>
        spectra.SelectMany((layer, index) => layer.Where((_, dimension) => !kept[index].Contains(dimension)));

    // As it stands in a book, but for the magnitude.
    private static double Norm(IEnumerable<double> values)
    {
        double[] numbers = [.. values];
        double largest = numbers.DefaultIfEmpty(0).Max();
        return largest == 0 ? 0 : largest * Math.Sqrt(numbers.Sum(value => value / largest * (value / largest)));
    }

    private static int CountOf(DimensionSelection selection) => selection.Kept.Sum(static layer => layer.Length);
}
