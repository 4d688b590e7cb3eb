using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace ResizeLora.Compute;

/// <summary>
/// Loads libtorch, once a process, when the first computation asks for it. The libraries lie in one folder beside the module
/// and are loaded by their full paths before TorchSharp is touched, which then finds them under their plain names.
/// </summary>
internal static class NativeLibraries
{
    /// <summary>The runtime option under which tests and the bench, which lie elsewhere, name the folder.</summary>
    private const string FolderOption = "ResizeLora.NativeDirectory";

    // Dependencies before dependents; what a package does not have (CUDA, OpenMP) is skipped.
    private static readonly string[] LinuxOrder =
    [
        "libgomp*",
        "libc10.so",
        "libtorch_cpu.so",
        "libc10_cuda.so",
        "libtorch_cuda.so",
        "libtorch.so",
        "libLibTorchSharp.so",
    ];
    private static readonly string[] MacOrder =
    [
        "libomp.dylib",
        "libc10.dylib",
        "libtorch_cpu.dylib",
        "libtorch.dylib",
        "libLibTorchSharp.dylib",
    ];
    private static readonly string[] WindowsOrder =
    [
        "libiomp5md.dll",
        "c10.dll",
        "torch_cpu.dll",
        "c10_cuda.dll",
        "torch_cuda.dll",
        "torch.dll",
        "LibTorchSharp.dll",
    ];

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Makes sure that libtorch is loaded.</summary>
    /// <exception cref="DeviceException">It cannot be loaded.</exception>
    public static void EnsureLoaded() => _ = Loaded.Value;

    /// <summary>The folder of the native libraries, or null where there is none.</summary>
    public static string? FindFolder() => Candidates().FirstOrDefault(Directory.Exists);

    private static bool Load()
    {
        var handles = new Dictionary<string, nint>(StringComparer.Ordinal);
        string? folder = FindFolder();
        try
        {
            if (folder is not null)
            {
                foreach (
                    string pattern in OperatingSystem.IsWindows() ? WindowsOrder
                    : OperatingSystem.IsMacOS() ? MacOrder
                    : LinuxOrder
                )
                {
                    foreach (string path in Directory.EnumerateFiles(folder, pattern))
                    {
                        handles[Path.GetFileNameWithoutExtension(path)] = NativeLibrary.Load(path);
                    }
                }
            }

            // Linux and Windows find a loaded library again by its plain name; macOS asks here.
            AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!;
            context.ResolvingUnmanagedDll += (_, name) => handles.GetValueOrDefault(name, handles.GetValueOrDefault($"lib{name}"));

            return torch.TryInitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception exception)
            when (exception is DllNotFoundException or BadImageFormatException or NotSupportedException or TypeInitializationException)
        {
            throw new DeviceException(
                "LibraryUnusable",
                $"libtorch cannot be loaded{(folder is null ? string.Empty : $" from '{folder}'")}: {exception.Message}",
                exception
            );
        }
    }

    private static IEnumerable<string> Candidates()
    {
        if (AppContext.GetData(FolderOption) is string { Length: > 0 } configured)
        {
            yield return configured;
        }

        string system =
            OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : "linux";
        string identifier = $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        string? home = Path.GetDirectoryName(typeof(NativeLibraries).Assembly.Location);
        if (!string.IsNullOrEmpty(home))
        {
            yield return Path.GetFullPath(Path.Combine(home, "..", "native", identifier));
            yield return Path.Combine(home, "native", identifier);
        }
    }
}
