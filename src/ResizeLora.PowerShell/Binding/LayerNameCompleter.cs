using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Completes the names of layers from the headers of the files that the command names: LoRA files or base models.</summary>
public sealed class LayerNameCompleter : IArgumentCompleter
{
    // Enough to choose from, and read in milliseconds.
    private const int MostFiles = 3;

    private const string LiteralPath = "LiteralPath";

    private static readonly string[] PathParameters = ["Path", LiteralPath];

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
        string typed = word.Text.Contains('*', StringComparison.Ordinal)
            ? word.Text
            : WildcardPattern.Escape(WildcardPattern.Unescape(word.Text));
        var pattern = WildcardPattern.Get(typed + "*", WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        return PathParameters
            .SelectMany(parameter =>
                Texts(fakeBoundParameters?[parameter]).SelectMany(path => ConsolePaths.Find(path, literal: parameter == LiteralPath))
            )
            .Take(MostFiles)
            .SelectMany(LayersOf)
            .Distinct(StringComparer.Ordinal)
            .Where(pattern.IsMatch)
            .Select(layer => new CompletionResult(
                word.Spelled(WildcardPattern.Escape(layer)),
                layer,
                CompletionResultType.ParameterValue,
                layer
            ));
    }

    private static IEnumerable<string> Texts(object? value) =>
        (value is PSObject wrapped ? wrapped.BaseObject : value) switch
        {
            null => [],
            string text => [text],
            FileSystemInfo file => [file.FullName],
            IEnumerable several => several.Cast<object?>().SelectMany(Texts),
            _ => [],
        };

    private static string[] LayersOf(string path)
    {
        try
        {
            if (File.Exists(path) && LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: true), out _) is { } adapter)
            {
                using (adapter)
                {
                    return [.. adapter.Layers.Select(static layer => layer.Name)];
                }
            }

            return CheckpointLayersOf(path);
        }
        catch (Exception exception) when (exception is ResizeLoraException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string[] CheckpointLayersOf(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        return [.. checkpoint.Weights.Select(static weight => weight.Layer)];
    }
}
