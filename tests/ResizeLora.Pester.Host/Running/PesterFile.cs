using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell;
using ResizeLora.Host;
using ResizeLora.Pester.Host.Blocks;
using ResizeLora.Pester.Host.Commands;

namespace ResizeLora.Pester.Host.Running;

/// <summary>A file of tests: discovered once, run once, both in one runspace of its own, as Pester does.</summary>
public sealed class PesterFile
{
    /// <summary>The script that runs what discovery found.</summary>
    public const string RunFileName = "RunFile.ps1";

    // Dot-sourced in a scope of its own: what the file sets during discovery is gone when the tests run.
    private const string DiscoverScript = "param($private:file) do { $null = & { param($private:path) . $private:path } $private:file } while ($false)";

    private const string RunScript = "param($private:script, $private:session) & $private:script $private:session";

    // Discovery and the run are two calls of the test framework; between them the file waits here.
    private static readonly ConcurrentDictionary<string, Lazy<PesterFile>> Files = new(StringComparer.Ordinal);

    private readonly PesterSession session = new();
    private readonly Runspace runspace;
    private readonly Lazy<bool> hasRun;

    private PesterFile(string path)
    {
        InitialSessionState state = EmbeddedSession.CreateInitialState();
        PesterLanguage.AddTo(state);
        if (OperatingSystem.IsWindows())
        {
            // The files are the repository's own; elsewhere there is no policy, and setting one is an error.
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }
        runspace = RunspaceFactory.CreateRunspace(new CapturingHost(session), state);
        runspace.Open();
        runspace.SessionStateProxy.Path.SetLocation(RepositoryRoot);
        DiscoveryFailure = Discover(path);
        Tests = DiscoveryFailure is null ? [.. session.Root.Tests] : [];
        hasRun = new Lazy<bool>(Run);
    }

    /// <summary>The repository's root, as the build saw it; the files run there.</summary>
    public static string RepositoryRoot { get; } = typeof(PesterFile).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == nameof(RepositoryRoot)).Value!;

    /// <summary>The error that kept the file's tests from being known; null when they are.</summary>
    public PesterFailure? DiscoveryFailure { get; }

    /// <summary>The file's tests, in the order in which they run.</summary>
    public IReadOnlyList<PesterTest> Tests { get; }

    /// <summary>The file at a path, discovered.</summary>
    /// <param name="path">The full path.</param>
    /// <returns>The one object for that path.</returns>
    public static PesterFile Get(string path) => Files.GetOrAdd(path, static path => new(() => new PesterFile(path))).Value;

    /// <summary>Runs the file's tests if they have not run.</summary>
    public void EnsureRun() => _ = hasRun.Value;

    private PesterFailure? Discover(string path)
    {
        PesterFailure? failure = null;
        session.Discover(session.Root, () => failure = Parse(path) ?? (Invoke(DiscoverScript, path) is { } error ? PesterFailure.From(error) : null));
        session.Root.Settle();
        return failure;
    }

    private static PesterFailure? Parse(string path)
    {
        ScriptBlockAst script = Parser.ParseFile(path, out _, out ParseError[] errors);
        if (errors is [ParseError first, ..])
        {
            return new PesterFailure(first.Message, nameof(ParseException), $"   at <ScriptBlock> in {path}:line {first.Extent.StartLineNumber}");
        }
        return script.ParamBlock is { } parameters
            ? new PesterFailure("A file with parameters is not supported here.", nameof(NotSupportedException), $"   at <ScriptBlock> in {path}:line {parameters.Extent.StartLineNumber}")
            : null;
    }

    private bool Run()
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Running", RunFileName);
        if (Invoke(RunScript, script, session) is { } error)
        {
            session.Root.Fail(error);
        }
        foreach (PesterTest test in Tests)
        {
            test.FinishUnreached();
        }
        runspace.Dispose();
        return true;
    }

    private ErrorRecord? Invoke(string script, params object[] arguments)
    {
        using var shell = System.Management.Automation.PowerShell.Create(runspace);
        shell.Streams.Error.DataAdded += (_, added) => session.Write($"ERROR: {shell.Streams.Error[added.Index]}{Environment.NewLine}");
        // The catch makes an error that would end only its statement end the file, as Pester's own catch does.
        shell.AddScript($"try {{ $null = & {{ {script} }} @args }} catch {{ $_ }}");
        foreach (object argument in arguments)
        {
            shell.AddArgument(argument);
        }
        return shell.Invoke() is [{ BaseObject: ErrorRecord error }] ? error : null;
    }
}
