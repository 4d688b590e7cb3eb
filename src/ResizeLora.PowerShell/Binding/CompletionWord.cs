using System.Management.Automation.Language;
using System.Text;

namespace ResizeLora.PowerShell.Binding;

/// <summary>A word under completion: what it means, apart from the quotes that stand around it.</summary>
/// <param name="Text">What the word means; PowerShell has undone its escapes.</param>
/// <param name="Quote">Its quotation mark, or null where it has none.</param>
internal readonly record struct CompletionWord(string Text, char? Quote)
{
    // Inside double quotes these mean something: the escape itself, variables, and all marks that PowerShell takes for a double quote.
    private const string EscapedInDoubleQuotes = "`$\"\u201C\u201D\u201E";

    // Beside letters and digits, what means nothing to PowerShell wherever it stands in a word.
    private const string Plain = @"./\_-:~+=";

    /// <summary>Takes a word apart.</summary>
    /// <param name="word">The word as a completer is given it: in quotes, after the first of them, or bare.</param>
    public static CompletionWord Parse(string? word)
    {
        word ??= string.Empty;
        if (word.Length == 0 || word[0] is not ('\'' or '"'))
        {
            return new CompletionWord(word, null);
        }

        char quote = word[0];
        string text = word[1..];
        return new CompletionWord(text.EndsWith(quote) ? text[..^1] : text, quote);
    }

    /// <summary>A text in this word's quotes; in single ones where it has none.</summary>
    /// <param name="text">The text.</param>
    public string Quoted(string text)
    {
        if (Quote != '"')
        {
            return $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
        }

        var quoted = new StringBuilder("\"");
        foreach (char letter in text)
        {
            if (EscapedInDoubleQuotes.Contains(letter, StringComparison.Ordinal))
            {
                quoted.Append('`');
            }

            quoted.Append(letter);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A text as it can stand in place of this word: bare if this word is, and the text allows it.</summary>
    /// <param name="text">The text.</param>
    public string Spelled(string text)
    {
        bool bare =
            Quote is null
            && text.Length > 0
            && text[0] != '-'
            && text.All(static letter => char.IsLetterOrDigit(letter) || Plain.Contains(letter, StringComparison.Ordinal));
        return bare ? text : Quoted(text);
    }
}
