using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace ResizeLora.Files;

/// <summary>
/// An unfinished file: it is written beside its target and takes the target's name in one step. Its name says which process
/// of which machine writes it, such as <c>.resizelora-gpubox_1a2b3c4d-4711-6925c0de-0123….tmp</c>, so that what a killed run
/// left can be told from work in progress. Disposing without <see cref="Commit"/> removes it.
/// </summary>
internal sealed class TemporaryFile : IDisposable
{
    private const string Prefix = ".resizelora-";
    private const string Suffix = ".tmp";
    private const char Separator = '-';
    private const int LongestMachineName = 20;

    // Nobody writes one file for longer; whether the process of another machine lives cannot be asked.
    private static readonly TimeSpan LongestWork = TimeSpan.FromDays(1);

    // The start of a process is known to a hundredth of a second; the rest is for a clock that was set.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    private readonly string path;
    private bool committed;

    private TemporaryFile(string path, FileStream stream)
    {
        this.path = path;
        Stream = stream;
    }

    /// <summary>The open file.</summary>
    public FileStream Stream { get; }

    /// <summary>The machine in names of temporary files: the beginning of its name, and a hash of what tells it from others.</summary>
    public static string Machine
    {
        get
        {
            string name = Environment.MachineName;
            IEnumerable<char> letters = name.Take(LongestMachineName)
                .Select(static letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '_');
            ulong hash = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{name}|{MachineId()}|{ProcessNamespace()}"));
            return string.Create(CultureInfo.InvariantCulture, $"{string.Concat(letters)}_{(uint)hash:x8}");
        }
    }

    /// <summary>Makes a file.</summary>
    /// <param name="folder">The folder of the target, which must exist.</param>
    /// <param name="bufferSize">The size of the stream's buffer in bytes.</param>
    public static TemporaryFile Create(string folder, int bufferSize)
    {
        string path = Path.Combine(folder, NameOf(Machine, Environment.ProcessId, DateTime.UtcNow));

        // Sharing deletion, and nothing else, lets the file be renamed while it is held against other runs' cleaning.
        return new TemporaryFile(path, new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, bufferSize));
    }

    /// <summary>A new name.</summary>
    /// <param name="machine">The machine that writes the file.</param>
    /// <param name="processId">The process that writes it.</param>
    /// <param name="time">The present time, UTC, by the clock of that machine: that of a file server may differ.</param>
    internal static string NameOf(string machine, int processId, DateTime time)
    {
        long seconds = (long)(time - DateTime.UnixEpoch).TotalSeconds;
        string[] parts =
        [
            machine,
            processId.ToString(CultureInfo.InvariantCulture),
            seconds.ToString("x", CultureInfo.InvariantCulture),
            Guid.NewGuid().ToString("N"),
        ];
        return Prefix + string.Join(Separator, parts) + Suffix;
    }

    /// <summary>
    /// Removes what killed runs left in a folder. A file whose process still runs on this machine stays, and so does one of
    /// another machine, or of unknown origin, for a day after its last change.
    /// </summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <returns>The number of files removed.</returns>
    public static int RemoveLeftovers(string folder)
    {
        int removed = 0;
        try
        {
            string machine = Machine;
            foreach (string leftover in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}"))
            {
                removed += IsLeftover(leftover, machine) && TryRemove(leftover) ? 1 : 0;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be listed will be reported, better, when the output is written to it.
        }

        return removed;
    }

    /// <summary>Makes the file durable and gives it its final name.</summary>
    /// <param name="target">The final path, in the same folder.</param>
    /// <param name="overwrite">Whether a file of that name is replaced.</param>
    /// <exception cref="IOException">A file of that name exists, or the system refuses.</exception>
    public void Commit(string target, bool overwrite)
    {
        Stream.Flush(flushToDisk: true);
        FileNaming.Move(path, target, overwrite);
        committed = true;
        Stream.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // Closing flushes; on a full disk that fails a second time, and the first failure has been reported.
        }

        if (!committed)
        {
            TryRemove(path);
        }
    }

    private static bool IsLeftover(string path, string machine)
    {
        // Earlier versions wrote no machine and no time: such a file may be of anybody.
        string[] parts = Path.GetFileName(path)[Prefix.Length..^Suffix.Length].Split(Separator);
        if (
            parts.Length == 4
            && parts[0] == machine
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int processId)
            && uint.TryParse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint seconds)
            && IsAlive(processId, DateTime.UnixEpoch.AddSeconds(seconds)) is { } alive
        )
        {
            return !alive;
        }

        return DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > LongestWork;
    }

    // Null where the system does not say. A process that started after the file was made has its maker's number only.
    private static bool? IsAlive(int processId, DateTime fileMade)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime.ToUniversalTime() <= fileMade + ClockTolerance;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static bool TryRemove(string path)
    {
        try
        {
            // Where the file system has locks, opening the file exclusively tells a leftover from work in progress for certain.
            using (File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }

            File.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? MachineId()
    {
        try
        {
            return OperatingSystem.IsWindows()
                ? Microsoft.Win32.Registry.GetValue(@"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography", "MachineGuid", null) as string
                : File.ReadAllText("/etc/machine-id").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            return null;
        }
    }

    // Containers of one image may share name and id; the numbers of their processes mean nothing outside.
    private static string? ProcessNamespace()
    {
        try
        {
            return new FileInfo("/proc/self/ns/pid").LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
