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
        Gen.Int[0, 5],
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
                SvKnee = method == 4,
                SvCount = method is >= 1 and <= 3 && count > 0 ? (SvCount)(count - 1) : null,
                Rank = rank > 0 ? rank : null,
                ConvRank = convRank > 0 ? convRank : null,
            }
    );

    private static readonly Gen<double> Threshold = Gen.OneOf(
        Gen.Double[-5, 5],
        Gen.Int[-3, 3].Select(static number => (double)number),
        Gen.Const(double.NegativeInfinity)
    );

    // Every cut that the grammar knows, the sizes beside a quality too.
    private static readonly Gen<RankingCut> Cut = Gen.Select(
        Gen.Int[0, 2],
        Gen.Int[0, 3],
        Threshold,
        Gen.Double[0.001, 1],
        Number,
        static (quality, sizes, threshold, share, number) =>
            quality == 0 && sizes == 0
                ? new RankingCut { Threshold = threshold }
                : new RankingCut
                {
                    Retain = quality == 1 ? share : null,
                    Loss = quality == 2 ? number : null,
                    SizeMiB = sizes is 1 or 3 ? number * 10 : null,
                    Keep = sizes is 2 or 3 ? share : null,
                }
    );

    private static readonly Gen<ResizeRecipe> Recipe = Gen.Select(
        Gen.Enum<ScoreKind>().Array[1, 6],
        Number.Array[6],
        Cut,
        Gen.OneOf(Gen.Const(1.0), Number),
        Limits,
        static (kinds, numbers, cut, rescale, limits) =>
            ResizeRecipe.Create(
                kinds.Distinct().Zip(numbers).ToDictionary(static pair => pair.First, static pair => pair.Second),
                cut,
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
    [InlineData("SIZE = 32 ", "size=32")]
    [InlineData("retain=.98", "retain=0.98")]
    [InlineData("loss=5e-2,rescale=2", "rescale=2,loss=0.05")]
    [InlineData("keep=0.25", "keep=0.25")]
    [InlineData("keep=.5,size=8,retain=1,spn_lora", "spn_lora=1,retain=1,size=8,keep=0.5")]
    [InlineData("conv_rank=4,size=8,loss=0.1,sv_knee", "loss=0.1,size=8,sv_knee,conv_rank=4")]
    [InlineData("rank=8, SV_Knee ", "sv_knee,rank=8")]
    [InlineData("sv_knee=", "sv_knee")]
    [InlineData("spn_ckpt,thr=-1.2,sv_knee", "spn_ckpt=1,thr=-1.2,sv_knee")]
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
    [InlineData("retain=0.9,keep=0.5,sv_knee", false, false)]
    [InlineData("loss=0.1", true, false)]
    [InlineData("spn_lora,loss=0.1", true, false)]
    [InlineData("subspace,loss=0.1", true, true)]
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

    [Theory]
    [InlineData("size=1", 1_048_576L)]
    [InlineData("keep=0.25", 250L)]
    [InlineData("keep=0.3333", 333L)]
    [InlineData("keep=0.25,size=1", 250L)]
    [InlineData("keep=0.25,size=0.0001", 104L)]
    [InlineData("keep=1e300", 4_611_686_018_427_387_904L)]
    [InlineData("retain=0.9", null)]
    public void The_smaller_of_a_size_and_a_share_of_the_input_limits_the_output(string recipe, long? bytes) =>
        Assert.Equal(bytes, ResizeRecipe.Parse(recipe).Cut.LimitOf(1001));

    [Theory]
    [InlineData("spn_ckpt", "spn_ckpt=1")]
    [InlineData("spn_lora=3,params=1,rescale=2,rank=8", "spn_lora=0.75,params=0.25,rescale=2,rank=8")]
    public void A_recipe_may_be_left_open_until_it_is_given_a_cut(string text, string expected)
    {
        var open = ResizeRecipe.ParseOpen(text);
        Assert.Equal(expected, open.ToString());
        Assert.Throws<RecipeException>(open.RequireCut);
        ResizeRecipe closed = open.WithCut(new RankingCut { Retain = 0.9 });
        closed.RequireCut();
        Assert.Equal(ResizeRecipe.Parse($"{text},retain=0.9"), closed);
    }

    [Theory]
    [InlineData("spn_lora,thr=-1", "spn_lora=1,keep=0.5")]
    [InlineData("spn_lora,retain=0.9,size=8,rank=4", "spn_lora=1,keep=0.5,rank=4")]
    [InlineData("rescale=2,sv_knee", "rescale=2,keep=0.5,sv_knee")]
    public void Another_cut_takes_the_place_of_all_of_the_recipes_own(string text, string expected) =>
        Assert.Equal(expected, ResizeRecipe.Parse(text).WithCut(new RankingCut { Keep = 0.5 }).ToString());

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
    [InlineData("sv_knee", null)]
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
