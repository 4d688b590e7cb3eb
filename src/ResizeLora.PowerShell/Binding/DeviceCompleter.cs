using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ResizeLora.Compute;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Completes the names of the devices that are there; asks the driver, and does not load libtorch.</summary>
public sealed class DeviceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        string typed = CompletionWord.Parse(wordToComplete).Text;
        return DeviceList
            .Names()
            .Where(name => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(static name => new CompletionResult(
                name,
                name,
                CompletionResultType.ParameterValue,
                name switch
                {
                    "auto" => "the processor, until a card has been measured to be faster",
                    "cpu" => "the processor",
                    "cuda" => "the first CUDA device",
                    _ => $"CUDA device {name[5..]}",
                }
            ));
    }
}
