using ResizeLora.Compute;

namespace ResizeLora.Runtime;

/// <summary>The user's folder of runtimes: what is installed, one installation at a time, and removal as a whole.</summary>
public static class RuntimeStore
{
    private const string UnfinishedPrefix = ".unfinished-";
    private const string RemovedPrefix = ".removed-";

    /// <summary>Packages that were fetched for an installation that is not finished.</summary>
    internal static string PackageFolder => Path.Combine(RuntimeFolders.UserRoot, "packages");

    /// <summary>The user's runtimes for this machine, whole or damaged, the latest version first.</summary>
    public static IReadOnlyList<TorchRuntime> Installed()
    {
        if (!Directory.Exists(RuntimeFolders.UserRoot))
        {
            return [];
        }

        return
        [
            .. Directory
                .GetDirectories(RuntimeFolders.UserRoot)
                .Select(ReadByName)
                .OfType<TorchRuntime>()
                .OrderByDescending(static runtime =>
                    System.Version.TryParse(runtime.Version, out Version? version) ? version : new Version()
                )
                .ThenBy(static runtime => runtime.Torch),
        ];
    }

    /// <summary>Whether there is something of an earlier removal that was in use then.</summary>
    public static bool HasLeftovers => Leftovers().Any();

    /// <summary>Removes what earlier removals left.</summary>
    /// <exception cref="TorchRuntimeException">An installation is going on.</exception>
    public static void RemoveLeftovers() => Enter().Dispose();

    /// <summary>Removes a runtime: from then on nobody loads it.</summary>
    /// <param name="runtime">The runtime.</param>
    /// <returns>Whether all of its files are gone; those that are loaded stay on Windows.</returns>
    /// <exception cref="TorchRuntimeException">It is in use, or an installation is going on.</exception>
    public static bool Remove(TorchRuntime runtime)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        using IDisposable turn = Enter();
        MoveAway(runtime.Path);
        TryDelete(PackageFolder);

        // The folder of the version holds one of each platform; other machines may share it.
        string version = Path.GetDirectoryName(runtime.Path)!;
        if (!Directory.EnumerateFileSystemEntries(version).Any())
        {
            TryDelete(version);
        }

        return !HasLeftovers;
    }

    /// <summary>Waits for nobody: makes this process the one that changes the folder, and cleans up what killed ones left.</summary>
    /// <exception cref="TorchRuntimeException">Another process is at it.</exception>
    internal static IDisposable Enter()
    {
        string root = Directory.CreateDirectory(RuntimeFolders.UserRoot).FullName;
        FileStream turn;
        try
        {
            turn = new FileStream(
                Path.Combine(root, "installing.lock"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && Directory.Exists(root))
        {
            throw new TorchRuntimeException("Busy", $"Another process is installing or removing a runtime in '{root}'.", root, exception);
        }

        foreach (string leftover in Leftovers())
        {
            TryDelete(leftover);
        }

        return turn;
    }

    /// <summary>A new empty folder, which <see cref="Replace"/> gives its final name.</summary>
    internal static string NewFolder() =>
        Directory.CreateDirectory(Path.Combine(RuntimeFolders.UserRoot, UnfinishedPrefix + Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Puts a folder in another's place.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="target">The place, where an older one may be.</param>
    /// <exception cref="TorchRuntimeException">The older one is in use.</exception>
    internal static void Replace(string folder, string target)
    {
        if (Directory.Exists(target))
        {
            MoveAway(target);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        Directory.Move(folder, target);
    }

    /// <summary>Refuses to begin what the disk has no room for.</summary>
    /// <param name="length">The bytes that are needed.</param>
    /// <exception cref="TorchRuntimeException">There is less.</exception>
    internal static void RequireSpace(long length)
    {
        long free;
        try
        {
            free = new DriveInfo(RuntimeFolders.UserRoot).AvailableFreeSpace;
        }
        catch (ArgumentException)
        {
            // A folder on another machine has no drive to ask.
            return;
        }

        if (free < length)
        {
            throw new TorchRuntimeException(
                "NoSpace",
                $"Installing libtorch takes {ByteText.Of(length)}, and '{RuntimeFolders.UserRoot}' has {ByteText.Of(free)} left.",
                RuntimeFolders.UserRoot
            );
        }
    }

    /// <summary>Deletes a folder; what cannot be deleted is left for another time.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    internal static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody looks for a runtime there; the next installation tries again.
        }
    }

    private static IEnumerable<string> Leftovers() =>
        Directory.Exists(RuntimeFolders.UserRoot)
            ?
            [
                .. Directory.GetDirectories(RuntimeFolders.UserRoot, $"{UnfinishedPrefix}*"),
                .. Directory.GetDirectories(RuntimeFolders.UserRoot, $"{RemovedPrefix}*"),
            ]
            : [];

    // Windows renames no folder of which a library is loaded, so that either all of it goes or nothing.
    private static void MoveAway(string folder)
    {
        string away = Path.Combine(RuntimeFolders.UserRoot, RemovedPrefix + Guid.NewGuid().ToString("N"));
        try
        {
            Directory.Move(folder, away);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && Directory.Exists(folder))
        {
            throw new TorchRuntimeException(
                "InUse",
                $"'{folder}' is in use by another session of PowerShell, or by this one: {exception.Message}",
                folder,
                exception
            );
        }

        TryDelete(away);
    }

    // Such as 2.10.0-cpu, with a folder linux-x64 in it.
    private static TorchRuntime? ReadByName(string folder)
    {
        string name = Path.GetFileName(folder);
        int dash = name.LastIndexOf('-');
        string path = Path.Combine(folder, RuntimeFolders.Platform);
        if (dash <= 0 || !Enum.TryParse(name[(dash + 1)..], ignoreCase: true, out TorchKind torch) || !Directory.Exists(path))
        {
            return null;
        }

        return new TorchRuntime
        {
            Version = name[..dash],
            Torch = torch,
            Platform = RuntimeFolders.Platform,
            Path = path,
            Length = new DirectoryInfo(path).GetFiles().Sum(static file => file.Length),
        };
    }
}
