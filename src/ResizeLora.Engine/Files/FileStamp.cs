using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>
/// What the file system says of an open file. While two stamps of one file are equal, and the change time was known and not
/// of this moment, nobody has written to it in between: the time of the last write can be put back by any program, the
/// change time, which the system keeps, cannot.
/// </summary>
/// <param name="Length">The size in bytes.</param>
/// <param name="LastWriteTime">The time of the last write, which programs may set.</param>
/// <param name="ChangeTime">The time of the last change of content or attributes; null where the system does not tell.</param>
/// <param name="Identifier">What tells the file from every other, whatever its names; null where the system does not tell.</param>
internal readonly record struct FileStamp(
    long Length,
    DateTime LastWriteTime,
    DateTime? ChangeTime,
    (ulong Volume, UInt128 File)? Identifier
)
{
    // File systems keep time in steps: a change in the same step leaves no trace. The coarsest in use, FAT's, is two seconds.
    private static readonly TimeSpan CoarsestStep = TimeSpan.FromSeconds(2);

    /// <summary>Whether a later change would show in a later stamp.</summary>
    /// <param name="now">The time when the stamp was taken.</param>
    public bool IsSettled(DateTime now) => ChangeTime is { } changed && now - changed > CoarsestStep;

    /// <summary>Takes the stamp of an open file.</summary>
    /// <param name="handle">The file.</param>
    public static FileStamp Of(SafeFileHandle handle)
    {
        long length = RandomAccess.GetLength(handle);
        DateTime written = File.GetLastWriteTimeUtc(handle);
        return FileStatus.TryRead(handle, length, written) is { } status
            ? new FileStamp(length, written, status.ChangeTime, status.Identifier)
            : new FileStamp(length, written, null, null);
    }

    /// <summary>The identifier of the file that a path leads to.</summary>
    /// <param name="path">The path.</param>
    /// <returns>The identifier, or null where there is no such file or the system does not tell.</returns>
    public static (ulong Volume, UInt128 File)? IdentifierOf(string path)
    {
        try
        {
            // Where only the name is here, opening the file may fetch it.
            if (LocalFiles.IsElsewhere(path))
            {
                return null;
            }

            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Of(handle).Identifier;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }
}
