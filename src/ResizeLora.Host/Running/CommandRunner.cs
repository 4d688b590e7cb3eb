using System.Management.Automation;
using System.Management.Automation.Runspaces;
using ResizeLora.Host.Engine;
using ResizeLora.Host.Terminal;

namespace ResizeLora.Host.Running;

/// <summary>Runs commands to their end in one runspace, their output rendered by the engine's own formatting.</summary>
internal sealed class CommandRunner(Runspace runspace, EmbeddedHost host, ConsoleUserInterface userInterface)
{
    private readonly Lock _gate = new();
    private readonly Stack<PowerShell> _running = [];
    private bool _stopping;

    /// <summary>Runs command text; false when it ended with a terminating error or was stopped.</summary>
    public bool RunText(string text, bool nested = false) =>
        Run(new Command(text, isScript: true, useLocalScope: false), nested);

    /// <summary>Runs a script file; false when it ended with a terminating error or was stopped.</summary>
    public bool RunFile(string path, IReadOnlyList<string> arguments)
    {
        string fullPath = Path.GetFullPath(path);
        if (!File.Exists(fullPath))
        {
            userInterface.WriteErrorLine($"There is no script file '{path}'.");
            return false;
        }

        Command command;
        try
        {
            // A script may have any name where its first line says what runs it; the engine knows .ps1 alone.
            bool isKnown = fullPath.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase);
            command = new Command(isKnown ? fullPath : File.ReadAllText(fullPath), isScript: !isKnown, useLocalScope: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            userInterface.WriteErrorLine(exception.Message);
            return false;
        }

        foreach (string argument in arguments)
        {
            command.Parameters.Add(ScriptArgument.Read(argument));
        }

        EngineInternals.LetNextScriptExit(runspace);
        return Run(command, nested: false);
    }

    /// <summary>Whether the last command was a program that ended with an exit code of its own other than 0.</summary>
    public bool LastProgramFailed() =>
        runspace.SessionStateProxy.GetVariable("?") is false && LanguagePrimitives.IsTrue(runspace.SessionStateProxy.GetVariable("LASTEXITCODE"));

    /// <summary>Does <paramref name="work"/> in the session; false when it failed, after its error was written.</summary>
    public bool Try(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (RuntimeException exception)
        {
            ReportError(exception, nested: false);
            return false;
        }
    }

    /// <summary>
    /// Stops the command that runs and returns at once; its cleanup goes on, and the call that ran it returns after it.
    /// False when there is nothing to stop, or when it was asked to stop before and still runs.
    /// </summary>
    public bool TryStop()
    {
        lock (_gate)
        {
            if (_stopping || !_running.TryPeek(out PowerShell? shell))
            {
                return false;
            }

            _stopping = true;
            _ = shell.BeginStop(callback: null, state: null);
            return true;
        }
    }

    /// <summary>Whether a command runs.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _running.Count > 0;
            }
        }
    }

    private bool Run(Command command, bool nested)
    {
        try
        {
            // Errors join the output so that both are rendered in the order in which they were written.
            command.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
            InvokeWithOutput(command, input: null, nested);
            return true;
        }
        catch (PipelineStoppedException)
        {
            return false;
        }
        catch (RuntimeException exception)
        {
            ReportError(exception, nested);
            return false;
        }
        finally
        {
            userInterface.Terminal.Progress.Clear();
        }
    }

    private void ReportError(RuntimeException exception, bool nested)
    {
        if (exception is IncompleteParseException)
        {
            // The engine's error view shows nothing for these, since its own console goes on to read another line.
            userInterface.WriteErrorLine($"ParserError: {exception.Message}");
            return;
        }

        try
        {
            InvokeWithOutput(command: null, [EngineInternals.AsErrorOutput(exception.ErrorRecord)], nested);
        }
        catch (RuntimeException)
        {
            // The error view itself failed or was stopped; the bare message is better than silence.
            userInterface.WriteErrorLine(exception.Message);
        }
    }

    private void InvokeWithOutput(Command? command, PSObject[]? input, bool nested)
    {
        using PowerShell shell = nested ? PowerShell.Create(RunspaceMode.CurrentRunspace) : PowerShell.Create(runspace);
        if (command is not null)
        {
            shell.Commands.AddCommand(command);
        }

        var output = new Command("Out-Default");
        output.MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output;
        shell.Commands.AddCommand(output);
        lock (_gate)
        {
            _running.Push(shell);
        }

        try
        {
            // What goes into the history also sets $?, which tells whether a program failed.
            shell.Invoke(input ?? [], new PSInvocationSettings { AddToHistory = command is not null, Host = host });
        }
        finally
        {
            lock (_gate)
            {
                _running.Pop();
                _stopping = false;
            }
        }
    }
}
