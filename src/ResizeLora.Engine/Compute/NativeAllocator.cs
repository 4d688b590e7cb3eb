using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>The C library's allocator, from which libtorch takes its matrices.</summary>
internal static class NativeAllocator
{
    private static readonly Trim? TrimMemory = Find();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Trim(nuint kept);

    /// <summary>
    /// Gives freed memory back to the system. glibc keeps large blocks that were freed, for each thread apart, so that memory would grow
    /// with the threads. Elsewhere this does nothing.
    /// </summary>
    public static void GiveBack() => TrimMemory?.Invoke(0);

    // Another C library than glibc has no such function, and no such habit.
    private static Trim? Find() =>
        OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out nint library)
        && NativeLibrary.TryGetExport(library, "malloc_trim", out nint function)
            ? Marshal.GetDelegateForFunctionPointer<Trim>(function)
            : null;
}
