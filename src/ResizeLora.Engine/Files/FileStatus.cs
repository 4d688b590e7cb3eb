using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>Asks the operating system what .NET does not tell of a file: its change time and its identity.</summary>
internal static partial class FileStatus
{
    private const int BufferLength = 256;

    /// <summary>Reads the status of an open file.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="length">Its size as .NET tells it: an answer that says another is not understood.</param>
    /// <param name="lastWriteTime">Its time of the last write, likewise.</param>
    /// <returns>The status, or null where the system does not tell.</returns>
    public static (DateTime? ChangeTime, (ulong Volume, UInt128 File) Identifier)? TryRead(
        SafeFileHandle handle,
        long length,
        DateTime lastWriteTime
    )
    {
        try
        {
            return OperatingSystem.IsWindows() ? ReadWindows(handle)
                : OperatingSystem.IsMacOS() ? ReadMac(handle, length, lastWriteTime)
                : OperatingSystem.IsLinux() ? ReadLinux(handle, length, lastWriteTime)
                : null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // An older C library, or another one: then it is not known.
            return null;
        }
    }

    // struct statx has one layout on all processors: linux/stat.h.
    private static unsafe (DateTime?, (ulong, UInt128))? ReadLinux(SafeFileHandle handle, long length, DateTime lastWriteTime)
    {
        const int EmptyPath = 0x1000;
        const uint BasicStatus = 0x7FF;
        byte* status = stackalloc byte[BufferLength];
        bool read = StatX(handle, string.Empty, EmptyPath, BasicStatus, status) == 0;
        if (!read || *(long*)(status + 40) != length || UnixTime(status + 112) != lastWriteTime)
        {
            return null;
        }

        ulong volume = ((ulong)*(uint*)(status + 136) << 32) | *(uint*)(status + 140);
        return (UnixTime(status + 96), (volume, *(ulong*)(status + 32)));
    }

    // struct stat with 64-bit inodes: sys/stat.h.
    private static unsafe (DateTime?, (ulong, UInt128))? ReadMac(SafeFileHandle handle, long length, DateTime lastWriteTime)
    {
        byte* status = stackalloc byte[BufferLength];
        bool read =
            (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? FStat(handle, status) : FStatInode64(handle, status)) == 0;
        return read && *(long*)(status + 96) == length && UnixTime(status + 48) == lastWriteTime
            ? (UnixTime(status + 64), (*(uint*)status, *(ulong*)(status + 8)))
            : null;
    }

    // FILE_BASIC_INFO and FILE_ID_INFO: winbase.h. File systems without a change time give zero.
    private static unsafe (DateTime?, (ulong, UInt128))? ReadWindows(SafeFileHandle handle)
    {
        const int BasicInformation = 0;
        const int IdentityInformation = 18;
        long* times = stackalloc long[5];
        ulong* identity = stackalloc ulong[3];
        if (
            !GetFileInformation(handle, BasicInformation, times, 5 * sizeof(long))
            || !GetFileInformation(handle, IdentityInformation, identity, 3 * sizeof(ulong))
        )
        {
            return null;
        }

        return (times[3] > 0 ? DateTime.FromFileTimeUtc(times[3]) : null, (identity[0], new UInt128(identity[2], identity[1])));
    }

    private static unsafe DateTime UnixTime(byte* time) =>
        DateTime.UnixEpoch.AddTicks(
            (*(long*)time * TimeSpan.TicksPerSecond) + (*(uint*)(time + sizeof(long)) / TimeSpan.NanosecondsPerTick)
        );

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "fstat")]
    private static unsafe partial int FStat(SafeFileHandle file, byte* status);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64")]
    private static unsafe partial int FStatInode64(SafeFileHandle file, byte* status);

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandleEx")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool GetFileInformation(SafeFileHandle file, int kind, void* information, int length);
}
