using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Compute;
using TorchSharp;

namespace ResizeLora.Bench.Measuring;

/// <summary>Describes the machine that figures were taken on.</summary>
internal static class Machine
{
    private const string InfoPath = "/proc/cpuinfo";

    /// <summary>The two lines of lscpu that name the processor: its model, and its family with the widest vectors that .NET uses.</summary>
    public static IReadOnlyList<(string Name, string Value)> Processor { get; } =
    [("Model name", Info("model name") ?? FallbackName()), ("CPU family", Family())];

    /// <summary>Who made the processor: AMD, Intel, or what it is called where that is not known.</summary>
    public static string Maker { get; } =
        Info("vendor_id") switch
        {
            "AuthenticAMD" => "AMD",
            "GenuineIntel" => "Intel",
            _ => Processor[0].Value,
        };

    /// <summary>Processor, cores, memory, libtorch and .NET, in one line.</summary>
    public static string Describe()
    {
        NativeLibraries.EnsureLoaded();
        double memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Processor[0].Value}, {Environment.ProcessorCount} cores, {memory:0.#} GiB; {RuntimeInformation.OSDescription}; libtorch "
                + $"{torch.__version__}, {RuntimeInformation.FrameworkDescription}"
        );
    }

    private static string Family()
    {
        string vectors =
            Vector512.IsHardwareAccelerated ? "AVX-512"
            : Vector256.IsHardwareAccelerated ? "AVX2"
            : "neither AVX2 nor AVX-512";
        string? family = Info("cpu family");
        return family is null
            ? $"{RuntimeInformation.ProcessArchitecture}, {vectors}"
            : $"{family}, model {Info("model")} of {Info("vendor_id")}, {vectors}";
    }

    private static string FallbackName() =>
        Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string? Info(string key) =>
        File.Exists(InfoPath)
            ? File.ReadLines(InfoPath)
                .Select(static line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                .FirstOrDefault(parts => parts.Length == 2 && parts[0] == key)
                ?[1]
            : null;
}
