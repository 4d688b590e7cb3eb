using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ResizeLora.Tests.Processes;

/// <summary>PowerShell, running a script in a process of its own that can be killed.</summary>
internal sealed class PowerShellProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly Task<string> errors;

    private PowerShellProcess(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Whether it runs no more.</summary>
    public bool HasExited => process.HasExited;

    private static string Root => (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;

    /// <summary>Starts a script; the module is imported already when it begins.</summary>
    /// <param name="script">The script's text.</param>
    /// <param name="folder">Where the script and the cache of norms go.</param>
    public static PowerShellProcess Start(string script, string folder)
    {
        string path = Path.Combine(folder, FormattableString.Invariant($"{Guid.NewGuid():N}.ps1"));
        string module = Quote(Path.Combine(Root, "out", "ResizeLora", "ResizeLora.psd1"));
        File.WriteAllText(path, $"$ErrorActionPreference = 'Stop'\nImport-Module {module}\n{script}");
        string dotnet = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")
        );
        string shell = (string)AppContext.GetData("ResizeLora.PowerShell")!;
        var start = new ProcessStartInfo(dotnet, [shell, "-NoProfile", "-NonInteractive", "-File", path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["RESIZELORA_CACHE"] = Path.Combine(folder, "cache");
        return new PowerShellProcess(Process.Start(start)!);
    }

    /// <summary>A path as a script spells it.</summary>
    public static string Quote(string path) => $"'{path.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>Waits for a line that the script writes with [Console]::WriteLine.</summary>
    public string? ReadLine() => process.StandardOutput.ReadLine();

    /// <summary>Ends it as kill -9 does.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>What it wrote since, line by line.</returns>
    public string[] WaitForEnd()
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Assert.True(process.WaitForExit(Patience), "PowerShell did not end.");
        Assert.True(process.ExitCode == 0, $"PowerShell ended with {process.ExitCode}: {errors.Result}{output.Result}");
        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }
}
