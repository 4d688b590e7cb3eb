using System.Management.Automation.Host;

namespace ResizeLora.Host.Terminal;

/// <summary>One of the two streams that the console writes to, and what it can show.</summary>
internal sealed class TerminalStream(TextWriter writer, bool isTerminal)
{
    /// <summary>A person reads this stream, so lines may be redrawn on it.</summary>
    public bool IsTerminal { get; } = isTerminal && TerminalSettings.UnderstandsEscapeSequences;

    /// <summary>The stream shows colours.</summary>
    public bool ShowsColours => IsTerminal && TerminalSettings.WantsColours;

    /// <summary>Writes text, without its escape sequences where they would not be shown as colours.</summary>
    public void Write(string text) => writer.Write(PSHostUserInterface.GetOutputString(text, ShowsColours));

    /// <summary>Writes cursor movements as they are, on a terminal only.</summary>
    public void WriteControl(string sequence)
    {
        if (IsTerminal)
        {
            writer.Write(sequence);
            writer.Flush();
        }
    }
}
