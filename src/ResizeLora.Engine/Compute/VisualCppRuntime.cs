using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>Microsoft's C++ runtime, which libtorch needs on Windows and which Windows does not have by itself.</summary>
internal static class VisualCppRuntime
{
    // What c10.dll and torch_cpu.dll import.
    private static readonly string[] Libraries = ["vcruntime140.dll", "vcruntime140_1.dll", "msvcp140.dll"];

    /// <summary>The failure, where libraries of it are what is missing.</summary>
    /// <param name="isThere">Whether a library can be loaded.</param>
    /// <param name="cause">The failure as the system told it.</param>
    public static TorchRuntimeException? Explain(Func<string, bool> isThere, Exception cause)
    {
        string[] missing = [.. Libraries.Where(library => !isThere(library))];
        return missing.Length == 0
            ? null
            : new TorchRuntimeException(
                "VisualCppMissing",
                $"libtorch needs the Visual C++ runtime of Microsoft, of which {string.Join(", ", missing)} cannot be found. Install "
                    + "VC_redist.x64.exe, 'Visual C++ Redistributable for Visual Studio 2015-2022' (x64), from Microsoft.",
                innerException: cause
            );
    }

    /// <summary>Whether this machine has a library.</summary>
    /// <param name="library">Its file name.</param>
    public static bool IsThere(string library)
    {
        if (!NativeLibrary.TryLoad(library, out nint handle))
        {
            return false;
        }

        NativeLibrary.Free(handle);
        return true;
    }
}
