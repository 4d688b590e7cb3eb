using System.Management.Automation;
using System.Text;
using System.Text.RegularExpressions;

namespace ResizeLora.Pester.Host.Blocks;

/// <summary>A name with <c>&lt;placeholders&gt;</c>, each an expression that starts at a variable: <c>&lt;rank&gt;</c>, <c>&lt;_&gt;</c>, <c>&lt;layer.Name&gt;</c>.</summary>
/// <param name="text">The name as written.</param>
public sealed partial class NameTemplate(string text)
{
    private readonly Lazy<ScriptBlock> expression = new(() => ScriptBlock.Create(Expression(text, static _ => true)));

    /// <summary>The script that gives the name when it runs in the item's scope; null for a name without placeholders.</summary>
    public ScriptBlock? Script => text.Contains('<', StringComparison.Ordinal) ? expression.Value : null;

    /// <summary>Fills the placeholders that the data can fill; others stay as written until the run.</summary>
    /// <param name="data">The variables known.</param>
    /// <returns>The name.</returns>
    public string ExpandFrom(IReadOnlyDictionary<string, object?> data)
    {
        string known = Expression(text, data.ContainsKey);
        if (data.Count == 0 || Script is null)
        {
            return text;
        }
        try
        {
            List<PSVariable> variables = [.. data.Select(pair => new PSVariable(pair.Key, pair.Value))];
            return ScriptBlock.Create(known).InvokeWithContext(null, variables) is [{ } name] ? name.ToString() : text;
        }
        catch (RuntimeException)
        {
            return text;
        }
    }

    private static string Expression(string text, Func<string, bool> isKnown)
    {
        var script = new StringBuilder("\"");
        int done = 0;
        foreach (Match match in Special().Matches(text))
        {
            script.Append(text, done, match.Index - done);
            done = match.Index + match.Length;
            Group placeholder = match.Groups["expression"];
            if (placeholder.Success && isKnown(match.Groups["variable"].Value))
            {
                script.Append("$($").Append(placeholder.ValueSpan).Append(')');
            }
            else if (placeholder.Success)
            {
                script.Append(match.ValueSpan);
            }
            else
            {
                // A bracket that the name escapes, or a sign that a quoted string would take for its own.
                script.Append(match.Length == 1 ? "`" : string.Empty).Append(match.ValueSpan[^1]);
            }
        }
        return script.Append(text, done, text.Length - done).Append('"').ToString();
    }

    [GeneratedRegex("""`[<>]|<(?<expression>(?=[^>])(?<variable>\w*)[^>^`]*)>|["$]""")]
    private static partial Regex Special();
}
