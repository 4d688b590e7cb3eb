namespace ResizeLora.Host.Terminal;

/// <summary>What the environment says of the terminal.</summary>
internal static class TerminalSettings
{
    /// <summary>The width that output is formatted for when no terminal tells its own.</summary>
    public const int DefaultWidth = 120;

    /// <summary>The height assumed when no terminal tells its own.</summary>
    public const int DefaultHeight = 50;

    /// <summary>The terminal acts on escape sequences.</summary>
    public static bool UnderstandsEscapeSequences { get; } =
        OperatingSystem.IsWindows() ? WindowsTerminal.TryEnableEscapeSequences() : Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>The user has not turned colours off; see no-color.org.</summary>
    public static bool WantsColours { get; } = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The terminal's width in characters.</summary>
    public static int Width => Measure(() => Console.WindowWidth, DefaultWidth);

    /// <summary>The terminal's height in lines.</summary>
    public static int Height => Measure(() => Console.WindowHeight, DefaultHeight);

    private static int Measure(Func<int> measure, int otherwise)
    {
        try
        {
            int value = measure();
            return value > 0 ? value : otherwise;
        }
        catch (IOException)
        {
            // There is no terminal to measure.
            return otherwise;
        }
    }
}
