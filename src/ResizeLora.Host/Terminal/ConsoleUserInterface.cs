using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace ResizeLora.Host.Terminal;

/// <summary>
/// What the engine writes and asks, on this terminal: output and information to standard output, the rest to standard error.
/// </summary>
internal sealed class ConsoleUserInterface(TerminalOutput terminal) : PSHostUserInterface, IHostUISupportsMultipleChoiceSelection
{
    private readonly HostPrompts _prompts = new(terminal);

    /// <summary>The terminal written to.</summary>
    public TerminalOutput Terminal { get; } = terminal;

    /// <summary>Whether any error was written since the start.</summary>
    public bool HasWrittenErrors { get; private set; }

    /// <summary>What to do when Ctrl+C is pressed in answer to a question.</summary>
    public Action? Interrupt
    {
        get => _prompts.Interrupt;
        set => _prompts.Interrupt = value;
    }

    /// <inheritdoc/>
    public override PSHostRawUserInterface RawUI { get; } = new ConsoleRawUserInterface(terminal);

    /// <inheritdoc/>
    public override bool SupportsVirtualTerminal => Terminal.Output.ShowsColours || Terminal.Error.ShowsColours;

    /// <inheritdoc/>
    public override void Write(string value) => Terminal.WriteOutput(value);

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        Terminal.WriteOutput(Coloured(foregroundColor, backgroundColor, value));

    /// <inheritdoc/>
    public override void WriteLine(string value) => Terminal.WriteOutput(value + Environment.NewLine);

    /// <inheritdoc/>
    public override void WriteLine(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        Terminal.WriteOutput(Coloured(foregroundColor, backgroundColor, value) + Environment.NewLine);

    /// <inheritdoc/>
    public override void WriteErrorLine(string value)
    {
        HasWrittenErrors = true;
        if (!string.IsNullOrEmpty(value))
        {
            // The engine's error view brings its own colours.
            Terminal.WriteError(value + Environment.NewLine);
        }
    }

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => WriteMessage(PSStyle.Instance.Formatting.Warning, "WARNING", message);

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => WriteMessage(PSStyle.Instance.Formatting.Verbose, "VERBOSE", message);

    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => WriteMessage(PSStyle.Instance.Formatting.Debug, "DEBUG", message);

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record) => Terminal.Progress.Report(sourceId, record);

    /// <inheritdoc/>
    public override string ReadLine() => _prompts.ReadLine();

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString() => _prompts.ReadSecret();

    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        _prompts.AskFields(caption, message, descriptions);

    /// <inheritdoc/>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        _prompts.AskChoice(caption, message, choices, defaultChoice);

    /// <inheritdoc/>
    public Collection<int> PromptForChoice(
        string? caption, string? message, Collection<ChoiceDescription> choices, IEnumerable<int>? defaultChoices) =>
        _prompts.AskChoices(caption, message, choices, defaultChoices);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        _prompts.AskCredential(caption, message, userName);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) =>
        _prompts.AskCredential(caption, message, userName);

    private void WriteMessage(string style, string label, string message) =>
        Terminal.WriteError($"{style}{label}: {message}{PSStyle.Instance.Reset}{Environment.NewLine}");

    private static string Coloured(ConsoleColor foreground, ConsoleColor background, string value)
    {
        // The colours that the terminal came with are told as black on black, and need no sequence.
        string colours = foreground == background
            ? string.Empty
            : PSStyle.MapForegroundColorToEscapeSequence(foreground)
                + (background == ConsoleRawUserInterface.AssumedBackground ? string.Empty : PSStyle.MapBackgroundColorToEscapeSequence(background));
        return colours.Length == 0 ? value : colours + value + PSStyle.Instance.Reset;
    }
}
