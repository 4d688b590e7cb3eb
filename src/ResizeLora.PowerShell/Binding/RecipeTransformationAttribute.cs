using System.Collections;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Binding;

/// <summary>
/// Takes recipes as strings (several in one, separated by colons), as objects, or as arrays of either. Without quotes PowerShell
/// splits a recipe at its commas: parts that are no recipes alone, and one together, are that one.
/// </summary>
/// <remarks>
/// Where recipes may be open (weights without a cut), parts that make no whole recipe are recipes of their own: 'spn_ckpt=1', 'spn_lora=1'
/// are two.
/// </remarks>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RecipeTransformationAttribute : ArgumentTransformationAttribute
{
    private const string DeserializedName = "Deserialized.ResizeLora.Recipes.ResizeRecipe";

    private static readonly string[] FileExtensions = [".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf"];

    /// <summary>Whether a recipe may weigh scores without a cut; the cmdlet then sees to it.</summary>
    public bool AllowsOpen { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object[] items = [.. Flatten(inputData)];
        if (items.Length > 1 && items.All(static item => item is string) && items.Any(static item => TryParse((string)item) is null))
        {
            string whole = string.Join(',', items);
            if (TryParse(whole) is { } together)
            {
                return together;
            }

            // None is a recipe alone: what is wrong is wrong with the whole.
            bool isOne = !items.Any(static item => TryParse((string)item) is not null || IsFile((string)item));
            if (isOne && items.Any(item => TryParseAny((string)item) is null))
            {
                return Parse(whole);
            }
        }

        return items.SelectMany(item => item is string text ? Parse(text) : [(ResizeRecipe)item]).ToArray();
    }

    private static IEnumerable<object> Flatten(object? value)
    {
        // One that was stored, or came from a job, still says its grammar.
        if (value is PSObject stored && stored.TypeNames.Contains(DeserializedName))
        {
            value = stored.ToString();
        }

        return (value is PSObject wrapped ? wrapped.BaseObject : value) switch
        {
            string text => [text],
            ResizeRecipe recipe => [recipe],
            IEnumerable several => several.Cast<object?>().SelectMany(Flatten),
            _ => throw new ArgumentTransformationMetadataException(
                "A recipe is a string such as 'spn_ckpt=1,thr=-1.2', or an object of New-ResizeRecipe."
            ),
        };
    }

    private static ResizeRecipe[]? TryParse(string text)
    {
        try
        {
            return [.. ResizeRecipe.ParseAll(text)];
        }
        catch (RecipeException)
        {
            return null;
        }
    }

    private ResizeRecipe[]? TryParseAny(string text)
    {
        try
        {
            return ParseAny(text);
        }
        catch (RecipeException)
        {
            return null;
        }
    }

    private ResizeRecipe[] ParseAny(string text) =>
        AllowsOpen ? [.. text.Split(':').Select(ResizeRecipe.ParseOpen)] : [.. ResizeRecipe.ParseAll(text)];

    private ResizeRecipe[] Parse(string text)
    {
        try
        {
            return ParseAny(text);
        }
        catch (RecipeException exception)
        {
            string message = IsFile(text)
                ? $"'{text}' is a file, not a recipe. Separate several files by commas: a.safetensors, b.safetensors."
                : exception.Message;
            throw new ArgumentTransformationMetadataException(message, exception);
        }
    }

    private static bool IsFile(string text) => FileExtensions.Contains(Path.GetExtension(text), StringComparer.OrdinalIgnoreCase);
}
