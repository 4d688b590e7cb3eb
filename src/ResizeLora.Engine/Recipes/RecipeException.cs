namespace ResizeLora.Recipes;

/// <summary>A recipe cannot be understood.</summary>
public sealed class RecipeException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="recipe">The recipe as it was given.</param>
    /// <param name="detail">What is wrong with it.</param>
    public RecipeException(string recipe, string detail)
        : base("Recipe", "Invalid", $"The recipe '{recipe}' is not valid: {detail}")
    {
        Recipe = recipe;
    }

    /// <summary>The recipe as it was given.</summary>
    public string Recipe { get; }
}
