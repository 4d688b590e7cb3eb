using System.Management.Automation;
using Microsoft.PowerShell.Commands;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Turns what the user typed, or piped, into paths of the file system.</summary>
internal static class FilePaths
{
    /// <summary>Resolves paths; what cannot be resolved becomes a non-terminating error.</summary>
    /// <param name="command">The command that asks.</param>
    /// <param name="paths">The paths, PSPaths included.</param>
    /// <param name="literal">Whether brackets and stars are part of the name.</param>
    public static IEnumerable<string> Resolve(PSCmdlet command, IEnumerable<string> paths, bool literal)
    {
        foreach (string path in paths)
        {
            foreach (string resolved in ResolveOne(command, path, literal))
            {
                yield return resolved;
            }
        }
    }

    /// <summary>Resolves one literal path that need not exist.</summary>
    /// <param name="command">The command that asks.</param>
    /// <param name="path">The path.</param>
    public static string ResolveLiteral(PSCmdlet command, string path)
    {
        string resolved = command.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        return provider.ImplementingType == typeof(FileSystemProvider) ? resolved : throw new PSNotSupportedException($"'{path}' is not a path of the file system.");
    }

    private static IReadOnlyCollection<string> ResolveOne(PSCmdlet command, string path, bool literal)
    {
        try
        {
            if (literal)
            {
                return [ResolveLiteral(command, path)];
            }

            // A name that exists as it stands is meant as it stands, brackets and all, as results pipe their names in here too.
            if (ResolveLiteral(command, path) is { } exact && File.Exists(exact))
            {
                return [exact];
            }

            IReadOnlyCollection<string> resolved = command.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            return provider.ImplementingType == typeof(FileSystemProvider) ? resolved : throw new PSNotSupportedException($"'{path}' is not a path of the file system.");
        }
        catch (Exception exception) when (exception is ItemNotFoundException or System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or PSNotSupportedException)
        {
            command.WriteError(new ErrorRecord(exception, "FileMissing", ErrorCategory.ObjectNotFound, path));
            return [];
        }
    }
}
