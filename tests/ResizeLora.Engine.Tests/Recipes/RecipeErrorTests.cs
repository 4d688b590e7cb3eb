using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary>A recipe that cannot be understood is refused with the words that help.</summary>
public sealed class RecipeErrorTests
{
    [Theory]
    [InlineData("spn_chkpt=1,thr=-1", "'spn_chkpt'", "'spn_ckpt'")]
    [InlineData("spnlora=1,thr=-1", "'spnlora'", "'spn_lora'")]
    [InlineData("froo_lora,thr=-1", "'froo_lora'", "'fro_lora'")]
    [InlineData("param,thr=-1", "'param'", "'params'")]
    [InlineData("spn_lora,threshold=-1", "'threshold'", "'thr'")]
    [InlineData("spn_lora,sizes=32", "'sizes'", "'size'")]
    [InlineData("SUBSPACES,thr=-1", "'SUBSPACES'", "'subspace'")]
    [InlineData("spn_lora,thr=-1,", "key is missing", "rescale")]
    [InlineData("", "key is missing", "spn_ckpt")]
    [InlineData("spn_lora,,thr=1", "key is missing", "thr")]
    [InlineData("=1,thr=1", "key is missing", "thr")]
    [InlineData("spn_lora,spn_lora,thr=-1", "'spn_lora'", "twice")]
    [InlineData("spn_lora,thr=-1,THR=-2", "'thr'", "twice")]
    [InlineData("spn_lora", "'thr='", "'size='")]
    [InlineData("spn_lora,thr=-1,size=32", "'thr='", "exclude")]
    [InlineData("thr=-1", "score", "spn_ckpt")]
    [InlineData("spn_lora=0,params=0,thr=-1", "score", "more than zero")]
    [InlineData("spn_lora=1,params=-1,thr=-1", "score", "more than zero")]
    [InlineData("spn_lora=-1,thr=-1", "score", "more than zero")]
    [InlineData("spn_lora=one,thr=-1", "'one'", "'spn_lora'")]
    [InlineData("spn_lora=1.5.2,thr=-1", "'1.5.2'", "not a number")]
    [InlineData("spn_lora=1=2,thr=-1", "'1=2'", "not a number")]
    [InlineData("spn_lora=0x10,thr=-1", "'0x10'", "not a number")]
    [InlineData("spn_lora=inf,thr=-1", "weight", "finite")]
    [InlineData("spn_lora=nan,thr=-1", "weight", "finite")]
    [InlineData("spn_lora=1e308,params=1e308,thr=-1", "weight", "finite")]
    [InlineData("spn_lora,thr=", "'thr'", "needs a value")]
    [InlineData("spn_lora,thr", "'thr'", "needs a value")]
    [InlineData("spn_lora,size", "'size'", "needs a value")]
    [InlineData("spn_lora,thr=nan", "'thr='", "not a number")]
    [InlineData("spn_lora,size=0", "'size='", "above zero")]
    [InlineData("spn_lora,size=-1", "'size='", "above zero")]
    [InlineData("spn_lora,size=inf", "'size='", "above zero")]
    [InlineData("spn_lora,size=nan", "'size='", "above zero")]
    [InlineData("spn_lora,thr=0,rescale=0", "'rescale='", "above zero")]
    [InlineData("spn_lora,thr=0,rescale=-2", "'rescale='", "above zero")]
    [InlineData("spn_lora,thr=0,rescale=inf", "'rescale='", "above zero")]
    [InlineData("spn_lora,rank=4", "weighs scores", "'size='")]
    [InlineData("spn_lora,sv_ratio=5", "where to cut", "'thr='")]
    [InlineData("thr=-1,rank=4", "score", "sv_ratio")]
    [InlineData("thr=-1,sv_knee", "score", "retain, loss, size, keep, sv_ratio")]
    [InlineData("spn_lora=0,size=8", "score", "more than zero")]
    [InlineData("spn_lora", "'retain=', 'loss='", "or 'keep='")]
    [InlineData("spn_lora,thr=-1,retain=0.9", "'thr=' and 'retain='", "exclude")]
    [InlineData("spn_lora,thr=-1,loss=0.9", "'thr=' and 'loss='", "exclude")]
    [InlineData("spn_lora,thr=-1,keep=0.9,size=8", "'thr=' and 'size=' and 'keep='", "exclude")]
    [InlineData("retain=0.9,loss=0.1", "'retain=' and 'loss='", "exclude")]
    [InlineData("retain=0", "'retain='", "above 0")]
    [InlineData("retain=98", "'retain='", "not above 1")]
    [InlineData("retain=nan", "'retain='", "share")]
    [InlineData("loss=0", "'loss='", "above zero")]
    [InlineData("loss=inf", "'loss='", "above zero")]
    [InlineData("loss=nan", "'loss='", "above zero")]
    [InlineData("keep=-1", "'keep='", "above zero")]
    [InlineData("keep=inf", "'keep='", "above zero")]
    [InlineData("keep=nan", "'keep='", "above zero")]
    [InlineData("retain,rank=4", "'retain'", "needs a value")]
    [InlineData("sv_knee=1", "'sv_knee'", "takes no number")]
    [InlineData("sv_knee,sv_fro=0.9", "'sv_fro=' and 'sv_knee'", "exclude")]
    [InlineData("sv_knee,sv_count=old", "'sv_count='", "sv_ratio, sv_fro and sv_cumulative")]
    [InlineData("svknee,rank=4", "'svknee'", "'sv_knee'")]
    [InlineData("retained=0.9", "'retained'", "'retain'")]
    [InlineData("rescale=2", "score", "rank")]
    [InlineData("spn_lora=0,rank=4", "score", "more than zero")]
    [InlineData("sv_ratio=5,sv_fro=0.9", "'sv_ratio=' and 'sv_fro='", "exclude")]
    [InlineData("sv_ratio=5,sv_fro=0.9,sv_cumulative=1", "'sv_cumulative='", "exclude")]
    [InlineData("sv_ratio=0.2", "'sv_ratio='", "at least 1")]
    [InlineData("sv_ratio=nan", "'sv_ratio='", "at least 1")]
    [InlineData("sv_fro=90", "'sv_fro='", "not above 1")]
    [InlineData("sv_fro=0", "'sv_fro='", "above 0")]
    [InlineData("sv_cumulative=-0.5", "'sv_cumulative='", "above 0")]
    [InlineData("sv_cumulative=nan", "'sv_cumulative='", "share")]
    [InlineData("rank=0", "'rank='", "whole number")]
    [InlineData("rank=4.5", "'rank='", "whole number")]
    [InlineData("rank=inf", "'rank='", "whole number")]
    [InlineData("rank=1e10", "'rank='", "whole number")]
    [InlineData("rank=nan", "'rank='", "whole number")]
    [InlineData("rank=4,conv_rank=-1", "'conv_rank='", "whole number")]
    [InlineData("rank=", "'rank'", "needs a value")]
    [InlineData("sv_ration=5", "'sv_ration'", "'sv_ratio'")]
    [InlineData("convrank=5", "'convrank'", "'conv_rank'")]
    [InlineData("sv_ratio=5,sv_count=2", "'sv_count='", "'new' (kohya's script since pull request 2194) or 'old'")]
    [InlineData("sv_ratio=5,sv_count=", "'sv_count='", "'old'")]
    [InlineData("rank=4,sv_count=old", "'sv_count='", "sv_ratio, sv_fro and sv_cumulative")]
    [InlineData("rank=4,sv_count=new", "'sv_count='", "one of them")]
    [InlineData("spn_lora,thr=-1,sv_count=old", "'sv_count='", "one of them")]
    [InlineData("sv_ratio=5,sv_count=old,sv_count=new", "'sv_count'", "twice")]
    [InlineData("sv_ratio=5,sv_cuont=old", "'sv_cuont'", "'sv_count'")]
    public void A_recipe_that_cannot_be_understood_is_refused_with_the_words_that_help(string text, string subject, string help)
    {
        RecipeException exception = Assert.Throws<RecipeException>(() => ResizeRecipe.Parse(text));
        Assert.Equal((text, "RecipeInvalid"), (exception.Recipe, exception.ErrorId));
        Assert.Contains($"'{text}'", exception.Message, StringComparison.Ordinal);
        string detail = exception.Message.Replace($"'{text}'", string.Empty, StringComparison.Ordinal);
        Assert.Contains(subject, detail, StringComparison.Ordinal);
        Assert.Contains(help, detail, StringComparison.Ordinal);
    }

    [Fact]
    public void One_bad_recipe_among_several_is_the_one_that_is_named()
    {
        RecipeException exception = Assert.Throws<RecipeException>(() => ResizeRecipe.ParseAll("spn_lora,thr=-1:spn_lora"));
        Assert.Equal("spn_lora", exception.Recipe);
    }

    [Fact]
    public void Numbers_that_make_no_recipe_are_refused_as_their_text_would_be()
    {
        var weights = new Dictionary<ScoreKind, double> { [ScoreKind.SpectralLora] = 1 };
        var none = new Dictionary<ScoreKind, double>();
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, RankingCut.None));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, new RankingCut { Threshold = 1, SizeMiB = 1 }));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, new RankingCut { Threshold = double.NaN }));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, new RankingCut { SizeMiB = 0 }));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, new RankingCut { Threshold = 1 }, rescale: double.NaN));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(none, new RankingCut { Threshold = 1 }));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(none, RankingCut.None, limits: RankLimits.None));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(none, RankingCut.None, limits: new RankLimits { Rank = 0 }));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, RankingCut.None, limits: new RankLimits { Rank = 4 }));
    }

    [Fact]
    public void Whatever_is_typed_is_a_recipe_or_the_documented_error()
    {
        string[] pieces =
        [
            "spn_ckpt",
            "spn_lora=2",
            ",thr=-1.2",
            ",size=8",
            "retain=0.9",
            ",loss=0.1",
            ",keep=0.5",
            ",sv_knee",
            ",rescale=2",
            "params",
            "=",
            ",",
            ":",
            "1",
            "-1.2",
            "0",
            "nan",
            "inf",
            "1e999",
            " ",
            "é",
            "\0",
            "x",
        ];
        int valid = 0;
        Property.Holds(
            Gen.OneOf(pieces).Array[0, 6].Select(string.Concat),
            20_000,
            text =>
            {
                try
                {
                    IReadOnlyList<ResizeRecipe> recipes = ResizeRecipe.ParseAll(text);
                    Assert.All(
                        recipes,
                        static recipe =>
                        {
                            Assert.True(recipe.Weights.Count > 0 || recipe.Threshold is null);
                            Assert.True(recipe.Weights.Count == 0 || recipe.Cut != RankingCut.None);
                            Assert.True(recipe.Cut != RankingCut.None || recipe.Limits != RankLimits.None);
                            Assert.True(recipe.Threshold is null || !recipe.Cut.IsFound);
                            Assert.True(recipe.Retain is null || recipe.Loss is null);
                            Assert.Equal(recipe, ResizeRecipe.Parse(recipe.ToString()));
                        }
                    );
                    valid++;
                }
                catch (RecipeException exception)
                {
                    Assert.Contains(exception.Recipe, text, StringComparison.Ordinal);
                }
            }
        );
        Assert.InRange(valid, 20, 19_000);
    }
}
