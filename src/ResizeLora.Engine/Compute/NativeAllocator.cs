using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>The C library's allocator, from which libtorch takes its matrices.</summary>
internal static class NativeAllocator
{
    // M_MMAP_THRESHOLD of malloc.h.
    private const int MapThreshold = -3;

    // The matrices of rank 256 stay where they are used again at once; those of higher ranks cost more than their pages.
    private const int LargeBytes = 1 << 20;

    /// <summary>
    /// Has large blocks given back as soon as they are freed. glibc begins to keep them after the first ones, for each thread apart, so
    /// that memory would grow with the threads.
    /// </summary>
    public static void GiveBackLargeBlocks()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library))
        {
            // Another C library than glibc has no such function, and no such habit.
            if (NativeLibrary.TryGetExport(library, "mallopt", out nint function))
            {
                Marshal.GetDelegateForFunctionPointer<SetOption>(function)(MapThreshold, LargeBytes);
            }

            NativeLibrary.Free(library);
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int SetOption(int option, int value);
}
