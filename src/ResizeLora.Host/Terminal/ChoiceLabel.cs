using System.Management.Automation.Host;

namespace ResizeLora.Host.Terminal;

/// <summary>A choice's text and the key that picks it, which the engine writes as <c>&amp;Yes</c>.</summary>
internal sealed record ChoiceLabel(string Key, string Text)
{
    /// <summary>Reads the label of <paramref name="choice"/>.</summary>
    public static ChoiceLabel Of(ChoiceDescription choice)
    {
        int mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
        string text = choice.Label.Replace("&", string.Empty, StringComparison.Ordinal);
        string key = mark >= 0 && mark < text.Length ? text[mark..(mark + 1)].ToUpperInvariant() : text;
        return new ChoiceLabel(key, text);
    }

    /// <summary>Whether <paramref name="answer"/> picks this choice.</summary>
    public bool Matches(string answer) =>
        answer.Equals(Key, StringComparison.OrdinalIgnoreCase) || answer.Equals(Text, StringComparison.OrdinalIgnoreCase);
}
