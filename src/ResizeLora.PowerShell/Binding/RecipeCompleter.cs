using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Binding;

/// <summary>
/// Completes the keys of a recipe inside its string, after a comma and after a colon. What it gives is quoted, as a comma
/// outside quotes would begin the next element of an array.
/// </summary>
public sealed class RecipeCompleter : IArgumentCompleter
{
    private static readonly IReadOnlyList<string>[] Exclusive =
    [
        [RecipeKeys.Threshold, RecipeKeys.Retain, RecipeKeys.Loss],
        [RecipeKeys.Threshold, RecipeKeys.Size],
        [RecipeKeys.Threshold, RecipeKeys.Keep],
        RecipeKeys.Dynamic,
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var word = CompletionWord.Parse(wordToComplete);
        int start = word.Text.LastIndexOfAny([',', ':']) + 1;
        string before = word.Text[..start];
        string typed = word.Text[start..];
        string[] given = before[(before.LastIndexOf(':') + 1)..]
            .Split(',')
            .Select(static part => part.Split('=')[0].Trim().ToLowerInvariant())
            .ToArray();

        // sv_count is the only key whose values are words.
        IEnumerable<string> offered = typed.Contains('=')
            ? RecipeKeys.SvCounts.Select(static count => $"{RecipeKeys.SvCount}={count}")
            : RecipeKeys.All.Where(key => !IsTaken(key, given));
        return offered
            .Where(text => text.StartsWith(typed.Trim(), StringComparison.OrdinalIgnoreCase))
            .Select(text => new CompletionResult(
                word.Quoted(text.Contains('=') || text == RecipeKeys.SvKnee ? before + text : $"{before}{text}="),
                text,
                CompletionResultType.ParameterValue,
                $"{text}: {MeaningOf(text)}"
            ));
    }

    private static bool IsTaken(string key, string[] given) =>
        given.Contains(key)
        || Exclusive.Any(group => group.Contains(key) && group.Any(given.Contains))
        || (key == RecipeKeys.SvCount && !RecipeKeys.Counted.Any(given.Contains));

    private static string MeaningOf(string key) =>
        key switch
        {
            "spn_ckpt" => "weight of the score against the largest singular value of the base weight",
            "spn_lora" => "weight of the score against the largest singular value of the layer itself",
            "fro_ckpt" => "weight of the score against the Frobenius norm of the base weight",
            "fro_lora" => "weight of the score against the Frobenius norm of the layer itself",
            "subspace" => "weight of the score against what the base weight passes between the singular vectors",
            "params" => "weight of the score against the numbers that one more dimension costs",
            RecipeKeys.Threshold => "keep what scores above this, a decimal logarithm",
            RecipeKeys.Retain => "keep the best that hold this share of the file's squared Frobenius norm, at most 1",
            RecipeKeys.Loss => "keep the best that lose no more than this, relative to the base model's weights",
            RecipeKeys.Size => "keep the best that fit into a file of so many MiB",
            RecipeKeys.Keep => "keep the best that fit into a file of this share of the input's size",
            RecipeKeys.Rescale => "a factor on the strength of the LoRA",
            RecipeKeys.SvRatio => "kohya's method: keep what lies above the largest singular value divided by this",
            RecipeKeys.SvFro => "kohya's method: the share of the Frobenius norm to keep, at most 1",
            RecipeKeys.SvCumulative => "kohya's method: the share of the sum of singular values to keep, at most 1",
            RecipeKeys.SvKnee => "keep what comes up to the knee of each layer's spectrum; takes no number",
            RecipeKeys.SvCount => "the version of kohya's script that the method counts as, new or old",
            $"{RecipeKeys.SvCount}=new" => "as the script since 2026 (pull request 2194); the default",
            $"{RecipeKeys.SvCount}=old" => "as the script before 2026: one dimension more",
            RecipeKeys.Rank => "the highest rank of a layer",
            _ => "the highest rank of a convolution",
        };
}
