using System.Management.Automation.Host;

namespace ResizeLora.Host.Terminal;

/// <summary>The terminal as a grid of cells: its size, its cursor, its keys.</summary>
internal sealed class ConsoleRawUserInterface(TerminalOutput terminal) : PSHostRawUserInterface
{
    /// <summary>The background told to the engine; the real one cannot be asked on every system.</summary>
    public const ConsoleColor AssumedBackground = ConsoleColor.Black;

    private const string NoScreenBuffer = "This console does not give access to what is on the screen.";

    /// <inheritdoc/>
    public override Size BufferSize
    {
        // Redirected output is formatted for one fixed width, whatever the terminal behind it.
        get => terminal.Output.IsTerminal
            ? new Size(TerminalSettings.Width, TerminalSettings.Height)
            : new Size(TerminalSettings.DefaultWidth, TerminalSettings.DefaultHeight);
        set => throw new NotSupportedException(NoScreenBuffer);
    }

    /// <inheritdoc/>
    public override Size WindowSize
    {
        get => BufferSize;
        set => throw new NotSupportedException(NoScreenBuffer);
    }

    /// <inheritdoc/>
    public override Size MaxWindowSize => BufferSize;

    /// <inheritdoc/>
    public override Size MaxPhysicalWindowSize => BufferSize;

    /// <inheritdoc/>
    public override Coordinates WindowPosition
    {
        get => new(0, 0);
        set => throw new NotSupportedException(NoScreenBuffer);
    }

    /// <inheritdoc/>
    public override Coordinates CursorPosition
    {
        get => terminal.Output.IsTerminal ? new Coordinates(Console.CursorLeft, Console.CursorTop) : new Coordinates(0, 0);
        set
        {
            if (terminal.Output.IsTerminal)
            {
                Console.SetCursorPosition(value.X, value.Y);
            }
        }
    }

    /// <inheritdoc/>
    public override int CursorSize { get; set; } = 25;

    /// <inheritdoc/>
    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    /// <inheritdoc/>
    public override ConsoleColor BackgroundColor { get; set; } = AssumedBackground;

    /// <inheritdoc/>
    public override bool KeyAvailable => !Console.IsInputRedirected && Console.KeyAvailable;

    /// <inheritdoc/>
    public override string WindowTitle
    {
        get => OperatingSystem.IsWindows() ? Console.Title : string.Empty;
        set
        {
            if (terminal.Output.IsTerminal)
            {
                Console.Title = value;
            }
        }
    }

    /// <inheritdoc/>
    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        ConsoleKeyInfo key = Console.ReadKey(intercept: options.HasFlag(ReadKeyOptions.NoEcho));
        ControlKeyStates state =
            (key.Modifiers.HasFlag(ConsoleModifiers.Shift) ? ControlKeyStates.ShiftPressed : 0)
            | (key.Modifiers.HasFlag(ConsoleModifiers.Alt) ? ControlKeyStates.LeftAltPressed : 0)
            | (key.Modifiers.HasFlag(ConsoleModifiers.Control) ? ControlKeyStates.LeftCtrlPressed : 0);
        return new KeyInfo((int)key.Key, key.KeyChar, state, keyDown: options.HasFlag(ReadKeyOptions.IncludeKeyDown));
    }

    /// <inheritdoc/>
    public override void FlushInputBuffer()
    {
        while (KeyAvailable)
        {
            Console.ReadKey(intercept: true);
        }
    }

    /// <inheritdoc/>
    public override int LengthInBufferCells(char source) => CellWidth.Of(source);

    /// <inheritdoc/>
    public override int LengthInBufferCells(string source) => LengthInBufferCells(source, 0);

    /// <inheritdoc/>
    public override int LengthInBufferCells(string source, int offset)
    {
        ArgumentNullException.ThrowIfNull(source);
        int length = 0;
        for (int index = offset; index < source.Length; index++)
        {
            length += CellWidth.Of(source[index]);
        }

        return length;
    }

    /// <inheritdoc/>
    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException(NoScreenBuffer);

    /// <inheritdoc/>
    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) =>
        throw new NotSupportedException(NoScreenBuffer);

    /// <inheritdoc/>
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
        // Clear-Host on Windows fills the whole screen with blanks; nothing else is drawn this way.
        if (terminal.Output.IsTerminal && rectangle is { Left: -1, Top: -1, Right: -1, Bottom: -1 })
        {
            Console.Clear();
        }
    }

    /// <inheritdoc/>
    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException(NoScreenBuffer);
}
