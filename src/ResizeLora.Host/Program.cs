using System.Management.Automation;
using System.Management.Automation.Runspaces;
using ResizeLora.Host.CommandLine;
using ResizeLora.Host.Running;
using ResizeLora.Host.Terminal;

namespace ResizeLora.Host;

/// <summary>The console: reads its command line, opens a session with the module, runs what was asked.</summary>
internal static class Program
{
    private const int Success = 0;
    private const int Failure = 1;

    private static int Main(string[] arguments)
    {
        HostOptions options;
        try
        {
            options = HostOptionsParser.Parse(arguments, Console.IsInputRedirected);
        }
        catch (UsageException exception)
        {
            Console.Error.WriteLine($"{exception.Message} 'ResizeLora.Host -?' tells the options.");
            return Failure;
        }

        switch (options.Action)
        {
            case HostAction.Usage:
                Console.Out.WriteLine(UsageText.Usage);
                return Success;
            case HostAction.Version:
                Console.Out.WriteLine(UsageText.Version);
                return Success;
            default:
                return RunSession(options);
        }
    }

    private static int RunSession(HostOptions options)
    {
        if (!TerminalSettings.WantsColours)
        {
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }

        using var terminal = new TerminalOutput();
        var userInterface = new ConsoleUserInterface(terminal);
        var host = new EmbeddedHost(userInterface);
        using Runspace runspace = RunspaceFactory.CreateRunspace(host, EmbeddedSession.CreateInitialState());
        runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        runspace.Open();
        Runspace.DefaultRunspace = runspace;

        var runner = new CommandRunner(runspace, host, userInterface);
        bool isInteractive = options.Action == HostAction.Interactive;
        using var interrupts = new InterruptHandler(runner, isInteractive);
        userInterface.Interrupt = interrupts.Interrupt;
        if (!ImportModule(options, runspace, runner, userInterface))
        {
            return Failure;
        }

        if (isInteractive)
        {
            new InteractiveLoop(runspace, host, userInterface, runner).Run(() => interrupts.ShouldEnd);
            return host.ExitCode ?? (interrupts.ShouldEnd ? Failure : Success);
        }

        bool succeeded = options.Action switch
        {
            HostAction.File => runner.RunFile(options.Text, options.ScriptArguments),
            HostAction.StandardInput => runner.RunText(Console.In.ReadToEnd()),
            _ => runner.RunText(options.Text),
        };
        bool failed = !succeeded
            || userInterface.HasWrittenErrors
            || interrupts.ShouldEnd
            || (options.Action != HostAction.File && runner.LastProgramFailed());
        return host.ExitCode ?? (failed ? Failure : Success);
    }

    private static bool ImportModule(HostOptions options, Runspace runspace, CommandRunner runner, ConsoleUserInterface userInterface)
    {
        if (options.NoModule)
        {
            return true;
        }

        string path = options.ModulePath ?? EmbeddedSession.DefaultModuleManifest;
        if (!Path.Exists(path))
        {
            userInterface.WriteErrorLine(
                $"The module '{path}' is missing. 'dotnet build -c Release' at the repository's root makes it; -Module names another.");
            return false;
        }

        return runner.Try(() => EmbeddedSession.ImportModule(runspace, path));
    }
}
