using System.Management.Automation;

namespace ResizeLora.Host.Terminal.LineEditing;

/// <summary>
/// Reads a line from the terminal with the usual keys: arrows, Home, End, Tab, and Ctrl with A, C, D, E, K, L, U, W.
/// </summary>
internal sealed class LineEditor(LineHistory? history = null, Func<string, int, CommandCompletion>? complete = null, bool hidden = false)
{
    private readonly LineBuffer _buffer = new();
    private readonly CompletionCycle? _completions = complete is null ? null : new CompletionCycle(complete);
    private LineView _view = new();

    /// <summary>Reads one line; the prompt stands on the screen already.</summary>
    public static (string Text, LineEnd End) Read(
        LineHistory? history = null, Func<string, int, CommandCompletion>? complete = null, bool hidden = false)
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected || !TerminalSettings.UnderstandsEscapeSequences)
        {
            string? line = Console.In.ReadLine();
            return (line ?? string.Empty, line is null ? LineEnd.EndOfInput : LineEnd.Entered);
        }

        // Ctrl+C must arrive as a key here: it gives up the line and not the session.
        Console.TreatControlCAsInput = true;
        try
        {
            return new LineEditor(history, complete, hidden).ReadKeys();
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private (string Text, LineEnd End) ReadKeys()
    {
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            if (key.Key != ConsoleKey.Tab)
            {
                _completions?.Reset();
            }

            if (EndOf(key) is { } end)
            {
                _view.Finish();
                return (end == LineEnd.Entered ? _buffer.Text : string.Empty, end);
            }

            Apply(key);
            _view.Draw(_buffer, hidden);
        }
    }

    private LineEnd? EndOf(ConsoleKeyInfo key) => key switch
    {
        { Key: ConsoleKey.Enter } => LineEnd.Entered,
        { Modifiers: ConsoleModifiers.Control, Key: ConsoleKey.C } => LineEnd.Cancelled,
        { Modifiers: ConsoleModifiers.Control, Key: ConsoleKey.D } when _buffer.Length == 0 => LineEnd.EndOfInput,
        _ => null,
    };

    private void Apply(ConsoleKeyInfo key)
    {
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control))
        {
            ApplyWithControl(key.Key);
            return;
        }

        switch (key.Key)
        {
            case ConsoleKey.Backspace:
                _buffer.RemoveTo(_buffer.Cursor - 1);
                break;
            case ConsoleKey.Delete:
                _buffer.RemoveTo(_buffer.Cursor + 1);
                break;
            case ConsoleKey.LeftArrow:
                _buffer.MoveTo(_buffer.Cursor - 1);
                break;
            case ConsoleKey.RightArrow:
                _buffer.MoveTo(_buffer.Cursor + 1);
                break;
            case ConsoleKey.Home:
                _buffer.MoveTo(0);
                break;
            case ConsoleKey.End:
                _buffer.MoveTo(_buffer.Length);
                break;
            case ConsoleKey.UpArrow when history?.Previous(_buffer.Text) is { } previous:
                _buffer.Set(previous);
                break;
            case ConsoleKey.DownArrow when history?.Next() is { } next:
                _buffer.Set(next);
                break;
            case ConsoleKey.Escape:
                _buffer.Set(string.Empty);
                break;
            case ConsoleKey.Tab:
                _completions?.Step(_buffer, forward: !key.Modifiers.HasFlag(ConsoleModifiers.Shift));
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _buffer.Insert(key.KeyChar);
                }

                break;
        }
    }

    private void ApplyWithControl(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A:
                _buffer.MoveTo(0);
                break;
            case ConsoleKey.E:
                _buffer.MoveTo(_buffer.Length);
                break;
            case ConsoleKey.D:
                _buffer.RemoveTo(_buffer.Cursor + 1);
                break;
            case ConsoleKey.K:
                _buffer.RemoveTo(_buffer.Length);
                break;
            case ConsoleKey.U:
                _buffer.RemoveTo(0);
                break;
            case ConsoleKey.W or ConsoleKey.Backspace:
                _buffer.RemoveTo(_buffer.WordBefore());
                break;
            case ConsoleKey.LeftArrow:
                _buffer.MoveTo(_buffer.WordBefore());
                break;
            case ConsoleKey.RightArrow:
                _buffer.MoveTo(_buffer.WordAfter());
                break;
            case ConsoleKey.L:
                Console.Clear();
                _view = new LineView();
                break;
        }
    }
}
