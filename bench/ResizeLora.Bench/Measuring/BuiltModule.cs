using ResizeLora.Checkpoints;

namespace ResizeLora.Bench.Measuring;

/// <summary>The module that a build leaves in out/, in PowerShell.</summary>
internal static class BuiltModule
{
    /// <summary>The repository.</summary>
    public static string Root { get; } = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;

    /// <summary>Imports the module; null when it has not been built.</summary>
    public static string? ImportCommand
    {
        get
        {
            string manifest = Path.Combine(Root, "out", "ResizeLora", "ResizeLora.psd1");
            return File.Exists(manifest) ? $"Import-Module '{manifest}'" : null;
        }
    }

    /// <summary>Runs a command in a PowerShell of its own.</summary>
    /// <param name="command">The command; an error that it leaves unhandled fails.</param>
    /// <param name="cacheFolder">Where norms are kept.</param>
    /// <returns>The time from start to exit.</returns>
    public static TimeSpan Run(string command, string cacheFolder)
    {
        string isolated = $"$env:{NormCache.FolderVariable} = '{cacheFolder}'; {command}";
        string shell = (string)AppContext.GetData("ResizeLora.PowerShell")!;
        return ChildProcess.Run("dotnet", [shell, "-NoProfile", "-Command", isolated]).Elapsed;
    }
}
