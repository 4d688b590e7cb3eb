using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using ResizeLora.Host.CommandLine;
using ResizeLora.Host.Terminal;
using ResizeLora.Host.Terminal.LineEditing;

namespace ResizeLora.Host.Running;

/// <summary>Prompts for commands and runs each, until <c>exit</c>, Ctrl+D, or a request to end.</summary>
internal sealed class InteractiveLoop(Runspace runspace, EmbeddedHost host, ConsoleUserInterface userInterface, CommandRunner runner)
{
    private const string ContinuationPrompt = ">> ";

    private readonly LineHistory _history = new();

    /// <summary>Prompts until the user leaves.</summary>
    public void Run(Func<bool> shouldEnd)
    {
        host.RunNestedPrompt = RunNested;
        userInterface.WriteLine($"{UsageText.Version}. 'Get-Help Resize-Lora' helps, 'exit' leaves.");
        while (host.ExitCode is null && !shouldEnd() && ReadCommand(nested: false) is { } command)
        {
            if (!string.IsNullOrWhiteSpace(command))
            {
                runner.RunText(command);
            }
        }
    }

    private void RunNested()
    {
        host.NestedPromptShouldExit = false;
        while (!host.NestedPromptShouldExit && host.ExitCode is null && ReadCommand(nested: true) is { } command)
        {
            if (!string.IsNullOrWhiteSpace(command))
            {
                runner.RunText(command, nested: true);
            }
        }

        host.NestedPromptShouldExit = false;
    }

    /// <summary>Reads lines until they make a whole command; null when there is no more input.</summary>
    private string? ReadCommand(bool nested)
    {
        string command = string.Empty;
        string prompt = EvaluatePrompt(nested);
        while (true)
        {
            userInterface.Write(prompt);
            (string line, LineEnd end) = LineEditor.Read(_history, (text, cursor) => Complete(text, cursor, nested));
            switch (end)
            {
                case LineEnd.EndOfInput:
                    return null;
                case LineEnd.Cancelled:
                    return string.Empty;
            }

            _history.Add(line);
            command = command.Length == 0 ? line : command + "\n" + line;

            // An empty line runs what stands, so that its error can be read.
            if (line.Length == 0 || !IsIncomplete(command))
            {
                return command;
            }

            prompt = ContinuationPrompt;
        }
    }

    private static bool IsIncomplete(string command)
    {
        Parser.ParseInput(command, out _, out ParseError[] errors);
        return errors.Any(error => error.IncompleteInput);
    }

    private string EvaluatePrompt(bool nested)
    {
        using PowerShell shell = CreateShell(nested);
        try
        {
            return shell.AddCommand("prompt").Invoke<string>().FirstOrDefault() ?? "PS> ";
        }
        catch (RuntimeException)
        {
            // A prompt function of the user's own failed; the session must stay usable.
            return "PS> ";
        }
    }

    private CommandCompletion Complete(string text, int cursor, bool nested)
    {
        using PowerShell shell = CreateShell(nested);
        return CommandCompletion.CompleteInput(text, cursor, options: null, shell);
    }

    private PowerShell CreateShell(bool nested) =>
        nested ? PowerShell.Create(RunspaceMode.CurrentRunspace) : PowerShell.Create(runspace);
}
