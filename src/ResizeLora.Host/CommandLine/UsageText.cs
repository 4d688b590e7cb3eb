using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;

namespace ResizeLora.Host.CommandLine;

/// <summary>What the console says of itself.</summary>
internal static class UsageText
{
    /// <summary>The console's version.</summary>
    public static string HostVersion { get; } = typeof(UsageText).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>The version of the PowerShell engine.</summary>
    public static string EngineVersion { get; } =
        typeof(PSObject).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split(' ', '+')[0]
        ?? "unknown";

    /// <summary>The answer to <c>-Version</c>.</summary>
    public static string Version =>
        $"ResizeLora.Host {HostVersion} (PowerShell engine {EngineVersion}, {RuntimeInformation.FrameworkDescription})";

    /// <summary>The answer to <c>-?</c>.</summary>
    public const string Usage = """
        A console around the PowerShell engine, with the module ResizeLora loaded.

        ResizeLora.Host [options] "command line"          run a command (several arguments are joined with spaces)
        ResizeLora.Host [options] -File script.ps1 [args] run a script
        ResizeLora.Host [options] -Command - < commands   run what standard input holds (also without -Command)
        ResizeLora.Host [options]                         prompt for commands; 'exit' leaves

        Options
          -Command, -c      the rest of the line is the command
          -File, -f         the rest of the line is a script and its arguments
          -Module path      the module to load (default: ResizeLora, beside this program's folder)
          -NoModule         load no module
          -Version          the versions of the program and of the engine
          -?, --help        this text

        Streams
          Standard output carries the commands' output and what Write-Host writes, and nothing else, so that it can
          be piped on. Errors, warnings, verbose and debug lines and progress go to standard error; progress only
          when that is a terminal. There are colours on a terminal only; NO_COLOR turns them off.

        Exit code
          0, or 1 when a command failed or any error was written; 'exit N' gives N. Ctrl+C stops the running command,
          which cleans up first; a second one ends the program at once.
        """;
}
