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
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, null, null));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, 1, 1));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, double.NaN, null));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, null, 0));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(weights, 1, null, rescale: double.NaN));
        Assert.Throws<RecipeException>(() => ResizeRecipe.Create(new Dictionary<ScoreKind, double>(), 1, null));
    }

    [Fact]
    public void Whatever_is_typed_is_a_recipe_or_the_documented_error()
    {
        string[] pieces = ["spn_ckpt", "spn_lora=2", ",thr=-1.2", ",size=8", ",rescale=2", "params", "=", ",", ":", "1", "-1.2", "0", "nan", "inf", "1e999", " ", "é", "\0", "x"];
        int valid = 0;
        Property.Holds(Gen.OneOfConst(pieces).Array[0, 6].Select(string.Concat), 20_000, text =>
        {
            try
            {
                IReadOnlyList<ResizeRecipe> recipes = ResizeRecipe.ParseAll(text);
                Assert.All(recipes, static recipe => Assert.True(recipe.Threshold is not null ^ recipe.SizeMiB is not null));
                valid++;
            }
            catch (RecipeException exception)
            {
                Assert.Contains(exception.Recipe, text, StringComparison.Ordinal);
            }
        });
        Assert.InRange(valid, 20, 19_000);
    }
}
