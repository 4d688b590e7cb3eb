using System.Management.Automation;

namespace ResizeLora.PowerShell.Binding;

/// <summary>The layers that -Layer asks for, by their names or by wildcards.</summary>
internal sealed class LayerPatterns
{
    private readonly (string Text, WildcardPattern Pattern)[] patterns;

    /// <summary>Reads the patterns.</summary>
    /// <param name="texts">What the user typed.</param>
    public LayerPatterns(string[] texts)
    {
        const WildcardOptions Options = WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant;
        patterns = Array.ConvertAll(texts, static text => (text, WildcardPattern.Get(text, Options)));
    }

    /// <summary>Whether a layer is asked for.</summary>
    /// <param name="layer">The layer's name.</param>
    public bool IsMatch(string layer) => patterns.Any(known => known.Pattern.IsMatch(layer));

    /// <summary>Writes an error for each name without wildcards that no layer has.</summary>
    /// <param name="command">The command that asks.</param>
    /// <param name="layers">The names of the layers that are there.</param>
    /// <param name="explain">The message for a name that is missing.</param>
    public void ReportMissing(Cmdlet command, IEnumerable<string> layers, Func<string, string> explain)
    {
        string[] names = [.. layers];
        foreach ((string text, WildcardPattern pattern) in patterns)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(text) && !names.Any(pattern.IsMatch))
            {
                var exception = new ItemNotFoundException(explain(text));
                command.WriteError(new ErrorRecord(exception, "LayerMissing", ErrorCategory.ObjectNotFound, text));
            }
        }
    }
}
