using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ResizeLora.Adapters;
using ResizeLora.Safetensors;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Completes the names of the layers of the LoRA files that the command names, from their headers alone.</summary>
public sealed class LayerNameCompleter : IArgumentCompleter
{
    // Enough to choose from, and read in milliseconds.
    private const int MostFiles = 3;

    private static readonly string[] PathParameters = ["Path", "LiteralPath"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = CompletionWord.Parse(wordToComplete).Text;
        WildcardPattern pattern = WildcardPattern.Get((typed.Contains('*', StringComparison.Ordinal) ? typed : WildcardPattern.Escape(typed)) + "*", WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        return PathParameters.SelectMany(parameter => Texts(fakeBoundParameters?[parameter])).Take(MostFiles)
            .SelectMany(LayersOf).Distinct(StringComparer.Ordinal).Where(pattern.IsMatch)
            .Select(static layer => new CompletionResult(layer, layer, CompletionResultType.ParameterValue, layer));
    }

    private static IEnumerable<string> Texts(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
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
            if (ConsolePaths.Resolve(path) is not { } resolved || !File.Exists(resolved))
            {
                return [];
            }

            using SafetensorsFile file = SafetensorsFile.Open(resolved);
            return file.Header.Tensors.Where(static tensor => tensor.Name.EndsWith(AdapterLayer.DownSuffix, StringComparison.Ordinal))
                .Select(static tensor => tensor.Name[..^AdapterLayer.DownSuffix.Length]).ToArray();
        }
        catch (Exception exception) when (exception is ResizeLoraException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
