using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using ResizeLora.Dialects;
using ResizeLora.PowerShell.Hosting;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Turns what the user typed, or piped, into paths of the file system.</summary>
internal static class FilePaths
{
    /// <summary>Resolves one literal path that need not exist.</summary>
    /// <param name="command">The command that asks.</param>
    /// <param name="path">The path.</param>
    public static string ResolveLiteral(PSCmdlet command, string path)
    {
        string resolved = command.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        RequireFileSystem(provider, path);
        return resolved;
    }

    /// <summary>The files that a path names; a path that names none becomes a non-terminating error.</summary>
    /// <param name="command">The command that asks.</param>
    /// <param name="path">The path, a PSPath included.</param>
    /// <param name="literal">Whether brackets and stars are part of the name.</param>
    /// <param name="isNamed">Whether the user named it, unless a wildcard finds it.</param>
    /// <param name="takesFolders">Whether the command works on folders.</param>
    public static IReadOnlyList<InputFile> Resolve(PSCmdlet command, string path, bool literal, bool isNamed, bool takesFolders)
    {
        try
        {
            // A name that exists as it stands is meant as it stands, brackets and all, as results pipe their names in here too.
            string exact = ResolveLiteral(command, path);
            if (!takesFolders && Directory.Exists(exact) && PeftFolder.AdapterIn(exact) is { } adapter)
            {
                return [new InputFile(adapter, isNamed)];
            }

            if (!takesFolders && Directory.Exists(exact) && isNamed)
            {
                command.WriteError(FolderError(path));
                return [];
            }

            if (literal || File.Exists(exact) || Directory.Exists(exact))
            {
                return [new InputFile(exact, isNamed)];
            }

            IEnumerable<string> found = command.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            RequireFileSystem(provider, path);
            return [.. found.Select(file => new InputFile((takesFolders ? null : PeftFolder.AdapterIn(file)) ?? file, IsNamed: false))];
        }
        catch (Exception exception)
            when (exception
                    is ItemNotFoundException
                        or System.Management.Automation.DriveNotFoundException
                        or ProviderNotFoundException
                        or PSNotSupportedException
            )
        {
            command.WriteError(new ErrorRecord(exception, "FileMissing", ErrorCategory.ObjectNotFound, path));
            return [];
        }
    }

    private static ErrorRecord FolderError(string path)
    {
        string files = path.TrimEnd('/', '\\') + "/*.safetensors";
        var exception = new IOException($"'{path}' is a folder, not a file. For the files in it, give '{files}'.");
        return new ErrorRecord(exception, "FolderGiven", ErrorCategory.InvalidArgument, path);
    }

    private static void RequireFileSystem(ProviderInfo provider, string path)
    {
        if (provider.ImplementingType != typeof(FileSystemProvider))
        {
            throw new PSNotSupportedException($"'{path}' is not a path of the file system.");
        }
    }
}
