using System.Runtime.InteropServices;

namespace ResizeLora.Files;

/// <summary>Gives a finished file its name.</summary>
internal static partial class FileNaming
{
    private const int CurrentFolder = -100;
    private const uint WithoutReplacing = 1;
    private const int NameIsTaken = 17;

    /// <summary>Renames a file within its folder.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">Its new name.</param>
    /// <param name="overwrite">Whether a file of that name is replaced.</param>
    /// <exception cref="IOException">A file of that name exists, or the system refuses.</exception>
    public static void Move(string from, string to, bool overwrite)
    {
        // .NET looks first and renames then: of two processes, the later one would replace what the other has just finished.
        if (overwrite || !OperatingSystem.IsLinux() || !TryMoveAtOnce(from, to))
        {
            File.Move(from, to, overwrite);
        }
    }

    // False where the C library, the kernel or the file system does not know how, or it failed for a reason that .NET tells better.
    private static bool TryMoveAtOnce(string from, string to)
    {
        try
        {
            return RenameAt(CurrentFolder, from, CurrentFolder, to, WithoutReplacing) == 0
                || (Marshal.GetLastPInvokeError() == NameIsTaken ? throw new IOException($"The file '{to}' exists.") : false);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int RenameAt(int fromFolder, string from, int toFolder, string to, uint flags);
}
