namespace ResizeLora.Host.Terminal.LineEditing;

/// <summary>The lines entered so far, walked with the arrow keys.</summary>
internal sealed class LineHistory
{
    private readonly List<string> _lines = [];
    private int _position;
    private string _draft = string.Empty;

    /// <summary>Keeps a line, unless it repeats the last one, and starts the next walk after it.</summary>
    public void Add(string line)
    {
        if (!string.IsNullOrWhiteSpace(line) && _lines.LastOrDefault() != line)
        {
            _lines.Add(line);
        }

        _position = _lines.Count;
    }

    /// <summary>The line before the one shown, or null at the first.</summary>
    public string? Previous(string shown)
    {
        if (_position == 0)
        {
            return null;
        }

        if (_position == _lines.Count)
        {
            _draft = shown;
        }

        return _lines[--_position];
    }

    /// <summary>The line after the one shown, the unfinished one last, or null after that.</summary>
    public string? Next()
    {
        if (_position >= _lines.Count)
        {
            return null;
        }

        _position++;
        return _position == _lines.Count ? _draft : _lines[_position];
    }
}
