using System.Reflection;
using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>Where the native libraries lie: the module's own, and libtorch, which is too large for the module.</summary>
public static class RuntimeFolders
{
    /// <summary>The environment variable that names a folder of libtorch.</summary>
    public const string Variable = "RESIZELORA_RUNTIME";

    /// <summary>The runtime option under which tests and the bench, which lie elsewhere, name the module's folder.</summary>
    private const string ModuleOption = "ResizeLora.NativeDirectory";

    /// <summary>The version of libtorch that the engine was built for.</summary>
    public static string Version { get; } =
        typeof(RuntimeFolders)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(static attribute => attribute.Key == "LibTorchVersion")
            .Value!;

    /// <summary>This machine as NuGet names it, such as <c>linux-x64</c>.</summary>
    public static string Platform { get; } = $"{SystemName()}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>The user's runtimes, one folder for each version and kind; it need not exist.</summary>
    public static string UserRoot => Path.Combine(LocalData(), "ResizeLora", "runtime");

    /// <summary>The user's folder of one runtime for this machine; it need not exist.</summary>
    /// <param name="version">The version of libtorch.</param>
    /// <param name="torch">The kind.</param>
    public static string ForUser(string version, TorchKind torch) =>
        Path.Combine(UserRoot, $"{version}-{torch.ToString().ToLowerInvariant()}", Platform);

    /// <summary>The native libraries that the module carries, or null where it has none.</summary>
    internal static string? FindModule() => ModuleCandidates().FirstOrDefault(Directory.Exists);

    /// <summary>
    /// The folder of libtorch: the one that the environment names, else the module's own, else the user's, where CUDA comes first.
    /// </summary>
    /// <exception cref="TorchRuntimeException">There is none.</exception>
    internal static string FindTorch()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return HasTorch(named)
                ? Path.GetFullPath(named)
                : throw new TorchRuntimeException("FolderEmpty", $"{Variable} names '{named}', where there is no libtorch.", named);
        }

        IEnumerable<string> candidates = [.. ModuleCandidates(), ForUser(Version, TorchKind.Cuda), ForUser(Version, TorchKind.Cpu)];
        return candidates.FirstOrDefault(HasTorch) ?? throw TorchRuntimeException.Missing();
    }

    /// <summary>The folder of the libtorch that is loaded here, or null where there is none.</summary>
    public static string? TryFindTorch()
    {
        try
        {
            return FindTorch();
        }
        catch (TorchRuntimeException)
        {
            return null;
        }
    }

    /// <summary>Whether a folder holds libtorch.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    internal static bool HasTorch(string folder) => File.Exists(Path.Combine(folder, FileNameOf("torch_cpu")));

    /// <summary>A library's file name on this system.</summary>
    /// <param name="name">The plain name, such as <c>torch_cpu</c>.</param>
    internal static string FileNameOf(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll"
        : OperatingSystem.IsMacOS() ? $"lib{name}.dylib"
        : $"lib{name}.so";

    // Windows' own answer cannot be redirected, as a test or a portable profile does; unverified, a folder has a name before it exists.
    private static string LocalData() =>
        OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable("LOCALAPPDATA") is { Length: > 0 } named
            ? named
            : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);

    private static IEnumerable<string> ModuleCandidates()
    {
        if (AppContext.GetData(ModuleOption) is string { Length: > 0 } configured)
        {
            yield return configured;
        }

        string? home = Path.GetDirectoryName(typeof(RuntimeFolders).Assembly.Location);
        if (!string.IsNullOrEmpty(home))
        {
            yield return Path.GetFullPath(Path.Combine(home, "..", "native", Platform));
            yield return Path.Combine(home, "native", Platform);
        }
    }

    private static string SystemName() =>
        OperatingSystem.IsWindows() ? "win"
        : OperatingSystem.IsMacOS() ? "osx"
        : "linux";
}
