using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Completes paths of safetensors files, and of folders on the way to them.</summary>
public sealed class SafetensorsPathCompleter : IArgumentCompleter
{
    private static readonly string[] Extensions = [".safetensors", ".sft"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        // -Path takes wildcards: a bracket that is part of a name is escaped there, a`[1`].safetensors, and comes back so.
        var word = CompletionWord.Parse(wordToComplete);
        bool literal = parameterName != "Path";
        return ConsolePaths
            .Complete(literal ? word.Text : WildcardPattern.Unescape(word.Text))
            .Where(static found => found.IsFolder || Extensions.Contains(Path.GetExtension(found.Path), StringComparer.OrdinalIgnoreCase))
            .Select(found => new CompletionResult(
                word.Spelled(literal ? found.Path : WildcardPattern.Escape(found.Path)),
                Path.GetFileName(found.Path),
                found.IsFolder ? CompletionResultType.ProviderContainer : CompletionResultType.ProviderItem,
                found.Path
            ));
    }
}
