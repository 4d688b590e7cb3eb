namespace ResizeLora.Host.Terminal.LineEditing;

/// <summary>Draws the line being typed, over as many rows of the terminal as it needs.</summary>
internal sealed class LineView
{
    private readonly int _startColumn = Console.CursorLeft;
    private int _startRow = Console.CursorTop;
    private int _cellsDrawn;

    /// <summary>Draws the text and puts the cursor in its place.</summary>
    public void Draw(LineBuffer buffer, bool hidden)
    {
        string text = hidden ? new string('*', buffer.Length) : buffer.Text;
        int cells = Cells(text);

        // The blank after the text is where the cursor may stand, and blanks cover what was longer before.
        string blanks = new(' ', Math.Max(_cellsDrawn - cells, 0) + 1);
        int width = TerminalSettings.Width;
        Console.SetCursorPosition(_startColumn, Math.Max(_startRow, 0));
        Console.Write(text + blanks);

        // A terminal goes to the next row only when a cell there is written, so the last cell tells how far it scrolled.
        int lastRow = _startRow + ((_startColumn + cells + blanks.Length - 1) / width);
        int scrolled = Math.Max(lastRow - (TerminalSettings.Height - 1), 0);
        _startRow -= scrolled;
        _cellsDrawn = cells;
        MoveCursor(Cells(text[..buffer.Cursor]), width);
    }

    /// <summary>Leaves the cursor on the row after the text.</summary>
    public void Finish()
    {
        MoveCursor(_cellsDrawn, TerminalSettings.Width);
        Console.WriteLine();
    }

    private void MoveCursor(int cells, int width)
    {
        int position = _startColumn + cells;
        Console.SetCursorPosition(position % width, Math.Max(_startRow + (position / width), 0));
    }

    private static int Cells(string text) => text.Sum(CellWidth.Of);
}
