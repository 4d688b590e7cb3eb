using ResizeLora.Files;

namespace ResizeLora.Resizing;

/// <summary>Keeps an output from taking the place of a file that is being read, through links and differences of case too.</summary>
public static class OutputGuard
{
    // As many as Linux follows before it calls them a loop.
    private const int MaximumLinks = 40;

    /// <summary>Checks an output path.</summary>
    /// <param name="output">The output.</param>
    /// <param name="inputs">The files that are being read.</param>
    /// <exception cref="OutputException">The output is one of them, or has a name that the system keeps for itself.</exception>
    public static void Check(string output, IEnumerable<string> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ReservedNames.Check(output);
        if (inputs.Any(input => AreSame(input, output) || AreOneFile(input, output)))
        {
            throw new OutputException(output, "IsInput", "it is the file, or the checkpoint, that is being read.");
        }
    }

    /// <summary>Whether two paths may lead to one file; where case alone tells them apart they are taken to.</summary>
    /// <param name="left">A path.</param>
    /// <param name="right">Another.</param>
    public static bool AreSame(string left, string right) =>
        string.Equals(Resolve(left), Resolve(right), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether two paths lead to one file that exists, by hard links too.</summary>
    /// <param name="left">A path.</param>
    /// <param name="right">Another.</param>
    public static bool AreOneFile(string left, string right) =>
        File.Exists(left) && File.Exists(right) && FileStamp.IdentifierOf(left) is { } file && file == FileStamp.IdentifierOf(right);

    /// <summary>The path with every link on the way followed.</summary>
    /// <param name="path">A path; its last part need not exist.</param>
    public static string Resolve(string path) => Resolve(path, MaximumLinks);

    private static string Resolve(string path, int linksLeft)
    {
        string full = Path.GetFullPath(path);
        string root = Path.GetPathRoot(full)!;
        string resolved = root;
        foreach (string part in full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(resolved, part);
            try
            {
                FileSystemInfo? target = Directory.Exists(next)
                    ? Directory.ResolveLinkTarget(next, returnFinalTarget: false)
                    : File.ResolveLinkTarget(next, returnFinalTarget: false);

                // What a link names may itself lie behind links.
                next = target is not null && linksLeft > 0 ? Resolve(target.FullName, linksLeft - 1) : next;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // What cannot be looked at is compared as it is spelled.
            }

            resolved = next;
        }

        return resolved;
    }
}
