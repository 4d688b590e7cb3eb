using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>What the readers of every format do with a file's handle.</summary>
internal static class HandleReads
{
    /// <summary>Whether a file has no bytes. A pipe has none either, and opening one may wait for ever: ask before opening.</summary>
    /// <param name="path">The file.</param>
    public static bool IsEmpty(string path)
    {
        var named = new FileInfo(path);
        return (named.ResolveLinkTarget(returnFinalTarget: true) ?? named) is FileInfo { Exists: true, Length: 0 };
    }

    /// <summary>Opens a file for reads in any order, while others may read, rename or delete it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NotLocalException">Its content is elsewhere.</exception>
    public static SafeFileHandle Open(string path)
    {
        LocalFiles.Require(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
    }

    /// <summary>Fills a span with the bytes at a position.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="destination">Where the bytes go; its length says how many.</param>
    /// <param name="position">The first byte in the file.</param>
    /// <returns>False when the file ended before the span was full.</returns>
    public static bool TryFill(SafeFileHandle handle, Span<byte> destination, long position)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(handle, destination, position);
            if (count == 0)
            {
                return false;
            }

            destination = destination[count..];
            position += count;
        }

        return true;
    }
}
