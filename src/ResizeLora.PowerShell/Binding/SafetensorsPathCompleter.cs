using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Completes paths of safetensors files, and of folders on the way to them.</summary>
public sealed class SafetensorsPathCompleter : IArgumentCompleter
{
    private static readonly string[] Extensions = [".safetensors", ".sft"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        // A name that is still open ends with its quote here, so that blanks inside it are no end.
        var word = CompletionWord.Parse(wordToComplete);
        bool literal = parameterName != "Path";
        return ConsolePaths.Complete(word.Text)
            .Where(static found => found.IsFolder || Extensions.Contains(Path.GetExtension(found.Path), StringComparer.OrdinalIgnoreCase))
            .Select(found => new CompletionResult(
                Spell(literal ? found.Path : WildcardPattern.Escape(found.Path), wordToComplete, word),
                Path.GetFileName(found.Path),
                found.IsFolder ? CompletionResultType.ProviderContainer : CompletionResultType.ProviderItem,
                found.Path));
    }

    private static string Spell(string path, string typed, CompletionWord word)
    {
        bool bare = !(typed ?? string.Empty).StartsWith(word.Quote) && path.All(static letter => char.IsLetterOrDigit(letter) || @"./\_-:~+=".Contains(letter, StringComparison.Ordinal)) && !path.StartsWith('-');
        return bare ? path : word.Quoted(path);
    }
}
