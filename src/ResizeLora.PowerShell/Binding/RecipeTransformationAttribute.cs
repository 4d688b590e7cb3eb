using System.Collections;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Takes recipes as strings (several in one, separated by colons), as objects, or as arrays of either.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RecipeTransformationAttribute : ArgumentTransformationAttribute
{
    private const string DeserializedName = "Deserialized.ResizeLora.Recipes.ResizeRecipe";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var recipes = new List<ResizeRecipe>();
        Add(recipes, inputData);
        return recipes.ToArray();
    }

    private static void Add(List<ResizeRecipe> recipes, object? value)
    {
        // One that was stored, or came from a job, still says its grammar.
        if (value is PSObject stored && stored.TypeNames.Contains(DeserializedName))
        {
            value = stored.ToString();
        }

        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case ResizeRecipe recipe:
                recipes.Add(recipe);
                break;
            case string text:
                try
                {
                    recipes.AddRange(ResizeRecipe.ParseAll(text));
                }
                catch (RecipeException exception)
                {
                    throw new ArgumentTransformationMetadataException(exception.Message, exception);
                }

                break;
            case IEnumerable several:
                foreach (object? item in several)
                {
                    Add(recipes, item);
                }

                break;
            default:
                throw new ArgumentTransformationMetadataException("A recipe is a string such as 'spn_ckpt=1,thr=-1.2', or an object of New-ResizeRecipe.");
        }
    }
}
