using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Security;

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

            var options = new EnumerationOptions
            {
                MatchType = MatchType.Simple,
                MatchCasing = MatchCasing.CaseInsensitive,
                IgnoreInaccessible = true,
            };
            return new DirectoryInfo(real)
                .EnumerateFileSystemInfos(typed[end..] + "*", options)
                .Select(item => (folder + item.Name, item is DirectoryInfo))
                .OrderBy(static item => item.Item1, StringComparer.OrdinalIgnoreCase)
                .ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or SecurityException)
        {
            return [];
        }
    }

    /// <summary>The files that a path means.</summary>
    /// <param name="path">A path of any provider.</param>
    /// <param name="literal">Whether brackets and stars are part of the name.</param>
    public static IReadOnlyList<string> Find(string path, bool literal)
    {
        if (Resolve(path) is { } exact && File.Exists(exact))
        {
            return [exact];
        }

        return literal ? [] : [.. Ask("GetResolvedProviderPathFromPSPath($path, [ref] $null)", path).Where(File.Exists)];
    }

    /// <summary>The file system's path for what was typed, or null.</summary>
    /// <param name="typed">A path of any provider.</param>
    private static string? Resolve(string typed) => Ask("GetUnresolvedProviderPathFromPSPath($path)", typed).FirstOrDefault();

    private static Collection<string> Ask(string method, string path)
    {
        try
        {
            using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
            return shell.AddScript($"param($path) $ExecutionContext.SessionState.Path.{method}").AddArgument(path).Invoke<string>();
        }
        catch (Exception exception) when (exception is RuntimeException or InvalidOperationException)
        {
            // No location can be asked for, or there is no such drive or file: nothing to complete.
            return [];
        }
    }
}
