using System.Globalization;
using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>The grammar of recipes: comma-separated keys, a score without a value weighs 1, weights are normalised.</summary>
public sealed class RecipeGrammarTests
{
    private static readonly Gen<double> Number = Gen.OneOf(
        Gen.Double[0.001, 10],
        Gen.Int[1, 9].Select(static number => (double)number),
        Gen.Int[1, 99].Select(static number => number / 100.0)
    );

    private static readonly Gen<RankLimits> Limits = Gen.Select(
        Gen.Int[0, 4],
        Gen.Double[0.001, 1],
        Gen.Int[0, 2],
        Gen.Int[0, 40],
        Gen.Int[0, 40],
        static (method, share, count, rank, convRank) =>
            new RankLimits
            {
                SvRatio = method == 1 ? 1 / share : null,
                SvFro = method == 2 ? share : null,
                SvCumulative = method == 3 ? share : null,
                SvCount = method is >= 1 and <= 3 && count > 0 ? (SvCount)(count - 1) : null,
                Rank = rank > 0 ? rank : null,
                ConvRank = convRank > 0 ? convRank : null,
            }
    );

    private static readonly Gen<ResizeRecipe> Recipe = Gen.Select(
        Gen.Enum<ScoreKind>().Array[1, 6],
        Number.Array[6],
        Gen.Bool,
        Gen.OneOf(Gen.Double[-5, 5], Gen.Int[-3, 3].Select(static number => (double)number), Gen.Const(double.NegativeInfinity)),
        Gen.OneOf(Gen.Const(1.0), Number),
        Limits,
        static (kinds, numbers, bySize, threshold, rescale, limits) =>
            ResizeRecipe.Create(
                kinds.Distinct().Zip(numbers).ToDictionary(static pair => pair.First, static pair => pair.Second),
                bySize ? null : threshold,
                bySize ? numbers[^1] * 10 : null,
                rescale,
                limits
            )
    );

    [Fact]
    public void The_default_recipe_weighs_the_spectral_norm_of_the_base()
    {
        var recipe = ResizeRecipe.Parse(ResizeRecipe.DefaultText);
        Assert.Equal([KeyValuePair.Create("spn_ckpt", 1.0)], recipe.Weights);
        Assert.Equal((-1.2, null, 1.0, null), (recipe.Threshold, recipe.SizeMiB, recipe.Rescale, recipe.SizeInBytes));
        Assert.Equal("spn_ckpt=1,thr=-1.2", recipe.ToString());
    }

    [Theory]
    [InlineData("spn_ckpt,thr=-1.2", "spn_ckpt=1,thr=-1.2")]
    [InlineData("spn_ckpt=,thr=-1.2", "spn_ckpt=1,thr=-1.2")]
    [InlineData("spn_ckpt=5,thr=-1.2", "spn_ckpt=1,thr=-1.2")]
    [InlineData(" SPN_Ckpt = 1 , THR = -1.2 ", "spn_ckpt=1,thr=-1.2")]
    [InlineData("thr=-1.2,params=1,spn_lora=3", "spn_lora=0.75,params=0.25,thr=-1.2")]
    [InlineData("spn_ckpt=0.7,params=0.3,size=32", "spn_ckpt=0.7,params=0.3,size=32")]
    [InlineData("fro_ckpt,fro_lora=0,subspace=1,size=1e-1", "fro_ckpt=0.5,subspace=0.5,size=0.1")]
    [InlineData("spn_lora=1,rescale=1.5,thr=0", "spn_lora=1,rescale=1.5,thr=0")]
    [InlineData("spn_lora=2,fro_lora=-1,thr=0", "spn_lora=2,fro_lora=-1,thr=0")]
    [InlineData("spn_lora,thr=-inf", "spn_lora=1,thr=-inf")]
    [InlineData("spn_lora,thr=Infinity", "spn_lora=1,thr=inf")]
    [InlineData("spn_lora,thr=+.5", "spn_lora=1,thr=0.5")]
    [InlineData("rank=4", "rank=4")]
    [InlineData("conv_rank=2.0, RANK = 8 ", "rank=8,conv_rank=2")]
    [InlineData("rank=6,sv_ratio=2.50", "sv_ratio=2.5,rank=6")]
    [InlineData("sv_ratio=inf", "sv_ratio=inf")]
    [InlineData("sv_fro=.9,rescale=2", "rescale=2,sv_fro=0.9")]
    [InlineData("conv_rank=1,sv_cumulative=1", "sv_cumulative=1,conv_rank=1")]
    [InlineData("sv_count=old,rank=6,sv_ratio=2.5", "sv_ratio=2.5,sv_count=old,rank=6")]
    [InlineData("sv_fro=0.9, SV_Count = OLD", "sv_fro=0.9,sv_count=old")]
    [InlineData("sv_cumulative=0.9,sv_count=new", "sv_cumulative=0.9")]
    [InlineData("rank=8,spn_ckpt,sv_ratio=5,thr=-1.2", "spn_ckpt=1,thr=-1.2,sv_ratio=5,rank=8")]
    [InlineData("conv_rank=4,size=8,rank=8,fro_lora", "fro_lora=1,size=8,rank=8,conv_rank=4")]
    public void A_recipe_is_parsed_normalised_and_printed_in_the_grammar(string text, string expected) =>
        Assert.Equal(expected, ResizeRecipe.Parse(text).ToString());

    [Fact]
    public void Parsing_what_a_recipe_prints_gives_an_equal_recipe() =>
        Property.Holds(
            Recipe,
            3000,
            static recipe =>
            {
                var parsed = ResizeRecipe.Parse(recipe.ToString());
                Assert.Equal(recipe.ToString(), parsed.ToString());
                Assert.Equal(recipe, parsed);
                Assert.Equal(recipe.GetHashCode(), parsed.GetHashCode());
                Assert.Equal(recipe.Limits, parsed.Limits);
                Assert.Equal(recipe.Weights.OrderBy(static pair => pair.Key), parsed.Weights.OrderBy(static pair => pair.Key));
            }
        );

    [Fact]
    public void Weights_sum_to_one() => Property.Holds(Recipe, 500, static recipe => Assert.Equal(1, recipe.Weights.Values.Sum(), 1e-12));

    [Theory]
    [InlineData("spn_ckpt,thr=0", true, false)]
    [InlineData("fro_ckpt,thr=0", true, false)]
    [InlineData("subspace,thr=0", false, true)]
    [InlineData("spn_lora,fro_lora,params,thr=0", false, false)]
    [InlineData("spn_lora,spn_ckpt=0,thr=0", false, false)]
    [InlineData("sv_ratio=5,rank=4", false, false)]
    public void A_recipe_tells_what_it_needs_of_the_base(string text, bool norms, bool subspace)
    {
        var recipe = ResizeRecipe.Parse(text);
        Assert.Equal((norms, subspace, norms || subspace), (recipe.NeedsBaseNorms, recipe.NeedsSubspace, recipe.NeedsCheckpoint));
    }

    [Theory]
    [InlineData("1", 1_048_576)]
    [InlineData("0.5", 524_288)]
    [InlineData("0.1", 104_857)]
    [InlineData("1e300", 4_611_686_018_427_387_904)]
    public void A_size_is_in_mebibytes_and_rounded_down_to_bytes(string size, long bytes) =>
        Assert.Equal(bytes, ResizeRecipe.Parse($"spn_lora,size={size}").SizeInBytes);

    [Fact]
    public void A_recipe_of_limits_weighs_nothing_and_cuts_no_score()
    {
        var recipe = ResizeRecipe.Parse("sv_ratio=5,rank=8,conv_rank=4");
        Assert.Empty(recipe.Weights);
        Assert.Equal((null, null, 5.0, 8, 4), (recipe.Threshold, recipe.SizeMiB, recipe.SvRatio, recipe.Rank, recipe.ConvRank));
        Assert.NotEqual(recipe, ResizeRecipe.Parse("sv_ratio=5,rank=8"));
    }

    [Theory]
    [InlineData("sv_ratio=5", SvCount.New)]
    [InlineData("sv_fro=0.9,sv_count=new", SvCount.New)]
    [InlineData("sv_fro=0.9,sv_count=old", SvCount.Old)]
    [InlineData("spn_ckpt,thr=-1,sv_cumulative=0.9,sv_count=old", SvCount.Old)]
    [InlineData("rank=4", null)]
    public void A_recipe_of_kohyas_methods_says_which_version_it_counts_as(string text, SvCount? expected) =>
        Assert.Equal(expected, ResizeRecipe.Parse(text).SvCount);

    [Fact]
    public void Several_recipes_are_separated_by_colons() =>
        Assert.Equal(
            ["spn_lora=1,thr=-1", "spn_ckpt=1,size=8"],
            ResizeRecipe.ParseAll("spn_lora,thr=-1:spn_ckpt,size=8").Select(recipe => recipe.ToString())
        );

    [Theory]
    [InlineData("de-DE")]
    [InlineData("tr-TR")]
    [InlineData("ar-SA")]
    public void The_culture_of_the_console_changes_nothing(string culture)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo(culture);
        try
        {
            var recipe = ResizeRecipe.Parse("SPN_CKPT=0.75,PARAMS=0.25,SIZE=1.5");
            Assert.Equal("spn_ckpt=0.75,params=0.25,size=1.5", recipe.ToString());
            Assert.Equal("-1.2", RecipeNumber.Short(-1.2));
            Assert.Equal("0.125", RecipeNumber.Exact(0.125));
            Assert.Throws<RecipeException>(() => ResizeRecipe.Parse("spn_ckpt=1,thr=1.000,5"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
