using System.Text;

namespace ResizeLora.Host.Terminal.LineEditing;

/// <summary>The text being typed and the cursor in it.</summary>
internal sealed class LineBuffer
{
    private readonly StringBuilder _text = new();

    /// <summary>What has been typed.</summary>
    public string Text => _text.ToString();

    /// <summary>The cursor, counted in characters from the start.</summary>
    public int Cursor { get; private set; }

    /// <summary>The number of characters.</summary>
    public int Length => _text.Length;

    /// <summary>Replaces everything and puts the cursor at <paramref name="cursor"/>, or at the end.</summary>
    public void Set(string text, int? cursor = null)
    {
        _text.Clear().Append(text);
        Cursor = cursor ?? text.Length;
    }

    /// <summary>Types one character at the cursor.</summary>
    public void Insert(char character) => _text.Insert(Cursor++, character);

    /// <summary>Moves the cursor to <paramref name="position"/>, kept inside the text.</summary>
    public void MoveTo(int position) => Cursor = Math.Clamp(position, 0, _text.Length);

    /// <summary>Removes from the cursor to <paramref name="position"/>, in either direction.</summary>
    public void RemoveTo(int position)
    {
        int first = Math.Clamp(Math.Min(position, Cursor), 0, _text.Length);
        int last = Math.Clamp(Math.Max(position, Cursor), 0, _text.Length);
        _text.Remove(first, last - first);
        Cursor = first;
    }

    /// <summary>The start of the word before the cursor.</summary>
    public int WordBefore()
    {
        int position = Cursor;
        while (position > 0 && char.IsWhiteSpace(_text[position - 1]))
        {
            position--;
        }

        while (position > 0 && !char.IsWhiteSpace(_text[position - 1]))
        {
            position--;
        }

        return position;
    }

    /// <summary>The start of the word after the cursor.</summary>
    public int WordAfter()
    {
        int position = Cursor;
        while (position < _text.Length && !char.IsWhiteSpace(_text[position]))
        {
            position++;
        }

        while (position < _text.Length && char.IsWhiteSpace(_text[position]))
        {
            position++;
        }

        return position;
    }
}
