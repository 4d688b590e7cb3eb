using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace ResizeLora.Compute;

/// <summary>
/// Loads libtorch, once a process, when the first computation asks for it. Its libraries are loaded by their full paths before
/// TorchSharp is touched, which then finds them under their plain names, in whatever folder they lie.
/// </summary>
internal static class NativeLibraries
{
    private const string TorchSharpLibrary = "LibTorchSharp";

    // Dependencies before dependents; what a package does not have (CUDA, OpenMP) is skipped.
    private static readonly string[] LinuxOrder =
    [
        "libgomp*",
        "libc10.so",
        "libtorch_cpu.so",
        "libc10_cuda.so",
        "libtorch_cuda.so",
        "libtorch.so",
    ];
    private static readonly string[] MacOrder = ["libomp.dylib", "libc10.dylib", "libtorch_cpu.dylib", "libtorch.dylib"];
    private static readonly string[] WindowsOrder =
    [
        "libiomp5md.dll",
        "c10.dll",
        "torch_cpu.dll",
        "c10_cuda.dll",
        "torch_cuda.dll",
        "torch.dll",
    ];

    private static readonly object Gate = new();
    private static volatile bool loaded;

    /// <summary>Makes sure that libtorch is loaded. After a failure the next call tries again: it may be installed meanwhile.</summary>
    /// <exception cref="TorchRuntimeException">It is not on this machine.</exception>
    /// <exception cref="DeviceException">It cannot be loaded.</exception>
    public static void EnsureLoaded()
    {
        if (loaded)
        {
            return;
        }

        lock (Gate)
        {
            if (!loaded)
            {
                Load(RuntimeFolders.FindTorch());
                loaded = true;
            }
        }
    }

    /// <summary>
    /// Begins to load libtorch beside what the caller does next, which takes as long as reading the headers of files. What fails is told
    /// by <see cref="EnsureLoaded"/>, if anybody needs it.
    /// </summary>
    public static void BeginLoading()
    {
        if (!loaded)
        {
            _ = Task.Run(static () =>
            {
                try
                {
                    EnsureLoaded();
                }
                catch (ResizeLoraException) { }
            });
        }
    }

    private static void Load(string folder)
    {
        var handles = new Dictionary<string, nint>(StringComparer.Ordinal);
        try
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

            string torchSharp = FindTorchSharp(folder);
            handles[Path.GetFileNameWithoutExtension(torchSharp)] = NativeLibrary.Load(torchSharp);

            // Linux and Windows find a loaded library again by its plain name; macOS asks here, and so do libraries of CUDA.
            AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!;
            context.ResolvingUnmanagedDll += (_, name) => Resolve(handles, folder, name);

            torch.TryInitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception exception)
            when (exception is DllNotFoundException or BadImageFormatException or NotSupportedException or TypeInitializationException)
        {
            if (OperatingSystem.IsWindows() && VisualCppRuntime.Explain(VisualCppRuntime.IsThere, exception) is { } missing)
            {
                throw missing;
            }

            throw new DeviceException("LibraryUnusable", $"libtorch cannot be loaded from '{folder}': {exception.Message}", exception);
        }
    }

    // TorchSharp's two halves must be of one version: the module's own comes before one that lies with libtorch.
    private static string FindTorchSharp(string torchFolder)
    {
        string file = RuntimeFolders.FileNameOf(TorchSharpLibrary);
        string?[] folders = [RuntimeFolders.FindModule(), torchFolder];
        return folders.OfType<string>().Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw new DllNotFoundException($"{file} is missing.");
    }

    private static nint Resolve(Dictionary<string, nint> handles, string folder, string name)
    {
        string plain = Path.GetFileNameWithoutExtension(RuntimeFolders.FileNameOf(name));
        if (handles.TryGetValue(name, out nint known) || handles.TryGetValue(plain, out known))
        {
            return known;
        }

        return
            NativeLibrary.TryLoad(Path.Combine(folder, RuntimeFolders.FileNameOf(name)), out nint handle)
            || NativeLibrary.TryLoad(Path.Combine(folder, name), out handle)
            ? handle
            : 0;
    }
}
