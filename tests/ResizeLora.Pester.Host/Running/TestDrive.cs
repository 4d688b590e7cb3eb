using System.Management.Automation;

namespace ResizeLora.Pester.Host.Running;

/// <summary>The drive <c>TestDrive:</c> and the variable <c>$TestDrive</c>: a folder of the file's own, emptied of what a block made when the block ends.</summary>
public sealed class TestDrive
{
    private const string Name = "TestDrive";
    private const string GlobalScope = "global";

    private readonly Stack<HashSet<string>> before = [];
    private readonly string folder = Directory.CreateTempSubdirectory("Pester_").FullName;

    /// <summary>Makes the drive in a session.</summary>
    /// <param name="sessionState">The session.</param>
    public TestDrive(SessionState sessionState)
    {
        ArgumentNullException.ThrowIfNull(sessionState);
        ProviderInfo fileSystem = sessionState.Provider.GetOne("FileSystem");
        sessionState.Drive.New(new PSDriveInfo(Name, fileSystem, folder, "Pester test drive", null), GlobalScope);
        sessionState.PSVariable.Set($"{GlobalScope}:{Name}", folder);
    }

    /// <summary>Notes what is there when a block starts.</summary>
    public void EnterBlock() => before.Push([.. Entries()]);

    /// <summary>Removes what has come since the block started.</summary>
    public void LeaveBlock()
    {
        HashSet<string> kept = before.Pop();
        foreach (string entry in Entries().Where(entry => !kept.Contains(entry)).ToList())
        {
            try
            {
                Remove(entry);
            }
            catch (IOException)
            {
                // Pester ignores what it cannot remove here, such as a file still in use on Windows.
            }
            catch (UnauthorizedAccessException)
            {
                // The same.
            }
        }
    }

    /// <summary>Takes the drive away and removes its folder.</summary>
    /// <param name="sessionState">The session that has the drive.</param>
    public void Remove(SessionState sessionState)
    {
        ArgumentNullException.ThrowIfNull(sessionState);
        sessionState.Drive.Remove(Name, force: true, GlobalScope);
        sessionState.PSVariable.Remove($"{GlobalScope}:{Name}");
        Directory.Delete(folder, recursive: true);
    }

    private static void Remove(string entry)
    {
        if (Directory.Exists(entry))
        {
            Directory.Delete(entry, recursive: true);
        }
        else
        {
            File.Delete(entry);
        }
    }

    private IEnumerable<string> Entries() =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories) : [];
}
