using System.Management.Automation;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The files that a command left alone: a folder of them gives one warning rather than one each.</summary>
internal sealed class SkippedFiles
{
    private const int Named = 3;

    private readonly List<string> files = [];

    /// <summary>Notes a file, and says so in the verbose stream.</summary>
    /// <param name="command">The command.</param>
    /// <param name="path">The file.</param>
    /// <param name="reason">A clause to follow the file's name.</param>
    public void Add(Cmdlet command, string path, string reason)
    {
        command.WriteVerbose($"'{path}' {reason}; it is left alone.");
        files.Add($"'{Path.GetFileName(path)}' {reason}");
    }

    /// <summary>Warns of all of them at once; at the end.</summary>
    /// <param name="command">The command.</param>
    /// <param name="total">How many files there were in all.</param>
    public void Warn(Cmdlet command, int total)
    {
        if (files.Count > 0)
        {
            string more = files.Count > Named ? $"; and {files.Count - Named} more (-Verbose names them all)" : string.Empty;
            command.WriteWarning($"{files.Count} of {total} files were left alone: {string.Join("; ", files.Take(Named))}{more}.");
        }
    }
}
