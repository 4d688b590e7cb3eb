using System.Management.Automation;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Paths as the console that asks for completions sees them: relative to its location.</summary>
internal static class ConsolePaths
{
    /// <summary>The items of the file system that begin as a text does, spelled as it is spelled: relative stays relative.</summary>
    /// <param name="typed">The text.</param>
    public static IReadOnlyList<(string Path, bool IsFolder)> Complete(string typed)
    {
        try
        {
            int end = typed.LastIndexOfAny(['/', '\\']) + 1;
            string folder = typed[..end];
            string? real = Resolve(folder.Length == 0 ? "." : folder);
            if (real is null || !Directory.Exists(real))
            {
                return [];
            }

            return new DirectoryInfo(real).EnumerateFileSystemInfos(typed[end..] + "*", new EnumerationOptions { MatchType = MatchType.Simple, MatchCasing = MatchCasing.CaseInsensitive, IgnoreInaccessible = true })
                .Select(item => (folder + item.Name, item is DirectoryInfo)).OrderBy(static item => item.Item1, StringComparer.OrdinalIgnoreCase).ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or System.Security.SecurityException)
        {
            return [];
        }
    }

    /// <summary>The file system's path for what was typed, or null.</summary>
    /// <param name="typed">A path of any provider.</param>
    public static string? Resolve(string typed)
    {
        try
        {
            using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
            return shell.AddScript("param($path) $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)").AddArgument(typed).Invoke<string>().FirstOrDefault();
        }
        catch (Exception exception) when (exception is RuntimeException or InvalidOperationException)
        {
            // No location can be asked for, or there is no such drive: nothing to complete.
            return null;
        }
    }
}
