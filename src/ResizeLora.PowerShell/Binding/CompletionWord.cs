namespace ResizeLora.PowerShell.Binding;

/// <summary>A word under completion, apart from the quotes that stand around it.</summary>
/// <param name="Text">The word itself.</param>
/// <param name="Quote">Its quotation mark; ' where it has none.</param>
internal readonly record struct CompletionWord(string Text, char Quote)
{
    /// <summary>Takes a word apart.</summary>
    /// <param name="word">The word as a completer is given it: with quotes, with only the first, or bare.</param>
    public static CompletionWord Parse(string? word)
    {
        word ??= string.Empty;
        if (word.Length == 0 || word[0] is not ('\'' or '"'))
        {
            return new CompletionWord(word, '\'');
        }

        char quote = word[0];
        string text = word[1..];
        return new CompletionWord(text.EndsWith(quote) ? text[..^1] : text, quote);
    }

    /// <summary>A text in this word's quotes.</summary>
    /// <param name="text">The text.</param>
    public string Quoted(string text) => Quote + (Quote == '\'' ? text.Replace("'", "''", StringComparison.Ordinal) : text) + Quote;
}
