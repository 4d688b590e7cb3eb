using ResizeLora.Tests.Fuzzing;

namespace ResizeLora.Tests.Recipes;

/// <summary>Recipes that begin right and are then changed where it hurts.</summary>
public sealed class RecipeFuzzTests
{
    private const int Cases = 20_000;

    [Fact]
    public void Whatever_a_recipe_says_it_is_given_back_by_its_text_or_refused_by_the_documented_exception()
    {
        var random = new Random(20_260_403);
        int accepted = Enumerable.Range(0, Cases).Count(_ => RecipeFuzz.CheckNext(random));
        Assert.InRange(accepted, Cases / 20, Cases * 19 / 20);
    }
}
