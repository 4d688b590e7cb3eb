using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>The score of σᵢ is log10(rescale·σᵢ) − Σ_k w_k·log10(ref_k).</summary>
public sealed class ScoringTests
{
    private static readonly LayerReferences Layer = new(
        [8, 2, 0.5, 0],
        30,
        70,
        BaseSpectralNorm: 20,
        BaseFrobeniusNorm: 50,
        SubspaceScales: [4, 0.25, 1e-3, 0]
    );

    [Theory]
    [InlineData("spn_ckpt,thr=0", 8.0 / 20, 2.0 / 20, 0.5 / 20)]
    [InlineData("fro_ckpt,thr=0", 8.0 / 50, 2.0 / 50, 0.5 / 50)]
    [InlineData("spn_lora,thr=0", 1, 0.25, 0.0625)]
    [InlineData("fro_lora,thr=0", 8 / 8.261355820929152, 2 / 8.261355820929152, 0.5 / 8.261355820929152)]
    [InlineData("subspace,thr=0", 2, 8, 500)]
    [InlineData("params,thr=0", 0.08, 0.02, 0.005)]
    [InlineData("spn_ckpt,rescale=10,thr=0", 4, 1, 0.25)]
    [InlineData("spn_lora=1,params=1,thr=0", 0.28284271247461903, 0.07071067811865475, 0.01767766952966369)]
    public void One_score_is_the_logarithm_of_the_singular_value_over_its_reference(
        string recipe,
        double first,
        double second,
        double third
    )
    {
        double[] scores = Scoring.Score(ResizeRecipe.Parse(recipe), Layer);
        Assert.Equal(4, scores.Length);
        Assert.Equal(Math.Log10(first), scores[0], 1e-12);
        Assert.Equal(Math.Log10(second), scores[1], 1e-12);
        Assert.Equal(Math.Log10(third), scores[2], 1e-12);
        Assert.Equal(double.NegativeInfinity, scores[3]);
    }

    [Fact]
    public void A_mixture_is_the_weighted_geometric_mean() =>
        Property.Holds(
            Gen.Select(
                Gen.Double[0, 1].Array[6],
                Gen.Double[1e-6, 1e3].Array[1, 12],
                Gen.Double[1e-3, 1e3].Array[15],
                Gen.Double[0.1, 10],
                static (weights, values, references, rescale) => (weights, values, references, rescale)
            ),
            1000,
            static sample =>
            {
                double[] sigma = sample.values.OrderDescending().ToArray();
                double[] subspace = sample.references[3..].Take(sigma.Length).ToArray();
                double[] weights = sample.weights.Select(static weight => weight + 0.01).ToArray();
                var layer = new LayerReferences(sigma, 640, 1280, sample.references[0], sample.references[1], subspace);
                var recipe = ResizeRecipe.Create(
                    Enum.GetValues<ScoreKind>().Zip(weights).ToDictionary(static pair => pair.First, static pair => pair.Second),
                    new RankingCut { Threshold = 0 },
                    sample.rescale
                );
                double sum = weights.Sum();
                double[] scores = Scoring.Score(recipe, layer);
                for (int index = 0; index < sigma.Length; index++)
                {
                    double expected =
                        Math.Log10(sigma[index] * sample.rescale)
                        - (weights[0] / sum * Math.Log10(sample.references[0]))
                        - (weights[1] / sum * Math.Log10(sigma[0]))
                        - (weights[2] / sum * Math.Log10(sample.references[1]))
                        - (weights[3] / sum * Math.Log10(Math.Sqrt(sigma.Sum(static value => value * value))))
                        - (weights[4] / sum * Math.Log10(subspace[index]))
                        - (weights[5] / sum * Math.Log10(640 + 1280));
                    Assert.Equal(expected, scores[index], 1e-9);
                }
            }
        );

    [Fact]
    public void The_order_of_scores_is_the_order_of_singular_values_unless_subspace_takes_part()
    {
        double[] scores = Scoring.Score(ResizeRecipe.Parse("spn_ckpt,fro_ckpt,spn_lora,fro_lora,params,thr=0"), Layer);
        Assert.Equal(scores.OrderDescending(), scores);
    }

    [Theory]
    [InlineData("spn_ckpt,thr=0", "spn_ckpt")]
    [InlineData("fro_ckpt,thr=0", "fro_ckpt")]
    [InlineData("subspace,thr=0", "subspace")]
    public void A_reference_that_was_not_computed_is_a_mistake_of_the_caller(string recipe, string key)
    {
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() =>
            Scoring.Score(ResizeRecipe.Parse(recipe), new LayerReferences([1], 2, 3))
        );
        Assert.Contains($"'{key}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_is_worth_everything_against_a_base_that_is_zero()
    {
        double[] scores = Scoring.Score(
            ResizeRecipe.Parse("spn_ckpt,thr=0"),
            new LayerReferences([1, 0], 2, 3, BaseSpectralNorm: 0, BaseFrobeniusNorm: 0)
        );
        Assert.Equal([double.PositiveInfinity, double.NegativeInfinity], scores);
    }
}
