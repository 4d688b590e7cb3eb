using System.Globalization;
using System.Management.Automation.Host;
using ResizeLora.Host.CommandLine;
using ResizeLora.Host.Terminal;

namespace ResizeLora.Host.Running;

/// <summary>What the engine knows of the program that embeds it.</summary>
internal sealed class EmbeddedHost(ConsoleUserInterface userInterface) : PSHost
{
    /// <summary>The exit code that <c>exit</c> asked for, once it was called.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Prompts for commands inside a command that waits; null where nobody can be prompted.</summary>
    public Action? RunNestedPrompt { get; set; }

    /// <summary>Whether the innermost nested prompt was asked to end.</summary>
    public bool NestedPromptShouldExit { get; set; }

    /// <inheritdoc/>
    public override string Name => "ResizeLora.Host";

    /// <inheritdoc/>
    public override Version Version { get; } = new(UsageText.HostVersion);

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override PSHostUserInterface UI => userInterface;

    /// <inheritdoc/>
    public override CultureInfo CurrentCulture { get; } = CultureInfo.CurrentCulture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture { get; } = CultureInfo.CurrentUICulture;

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    /// <inheritdoc/>
    public override void EnterNestedPrompt()
    {
        if (RunNestedPrompt is null)
        {
            throw new NotSupportedException("A nested prompt needs an interactive session.");
        }

        RunNestedPrompt();
    }

    /// <inheritdoc/>
    public override void ExitNestedPrompt() => NestedPromptShouldExit = true;

    /// <inheritdoc/>
    public override void NotifyBeginApplication() => userInterface.Terminal.Progress.Clear();

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
        // A program that ran leaves the terminal as it likes; there is nothing to put back.
    }
}
