using System.Diagnostics;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Fuzzing;

/// <summary>
/// What must hold of any text: it is a recipe that its own text gives back, or is refused by the documented exception, soon and in little
/// memory.
/// </summary>
internal static class RecipeFuzz
{
    // Each part becomes a few strings, and an error quotes the text.
    private const int MemoryPerCharacter = 600;
    private const int MemoryForAll = 1 << 17;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Makes up the next text and checks what comes of it.</summary>
    /// <param name="random">What it is made of.</param>
    /// <returns>Whether it was accepted.</returns>
    /// <exception cref="FuzzFailureException">Something else came of it.</exception>
    public static bool CheckNext(Random random)
    {
        string text = RecipeFuzzer.Next(random);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        bool accepted = false;
        try
        {
            IReadOnlyList<ResizeRecipe> recipes = ResizeRecipe.ParseAll(text);
            accepted = true;
            CheckCost(text, GC.GetAllocatedBytesForCurrentThread() - before, clock.Elapsed);
            foreach (ResizeRecipe recipe in recipes)
            {
                CheckReturn(text, recipe);
            }
        }
        catch (RecipeException exception) when (!accepted)
        {
            CheckCost(text, GC.GetAllocatedBytesForCurrentThread() - before, clock.Elapsed);
            Require(text.Contains(exception.Recipe, StringComparison.Ordinal), text, "the error names another recipe");
        }
        catch (Exception exception) when (exception is not FuzzFailureException)
        {
            throw new FuzzFailureException($"{exception.GetType().Name} from the recipe '{text}': {exception.Message}", exception);
        }

        return accepted;
    }

    private static void CheckReturn(string text, ResizeRecipe recipe)
    {
        string printed = recipe.ToString();
        ResizeRecipe again = ResizeRecipe.Parse(printed);
        Require(again.Equals(recipe) && again.ToString() == printed, text, $"'{printed}' gives back '{again}'");
    }

    private static void CheckCost(string text, long taken, TimeSpan elapsed)
    {
        Require(
            taken <= MemoryForAll + (MemoryPerCharacter * (long)text.Length),
            text,
            $"{taken} bytes were taken for {text.Length} characters"
        );
        Require(elapsed < Patience, text, $"it took {elapsed.TotalSeconds:0.0} s");
    }

    private static void Require(bool holds, string text, string otherwise)
    {
        if (!holds)
        {
            throw new FuzzFailureException($"{otherwise}: '{text}'");
        }
    }
}
