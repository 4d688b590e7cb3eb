using System.Globalization;
using System.Runtime.InteropServices;
using ResizeLora.Compute;
using TorchSharp;

namespace ResizeLora.Bench.Measuring;

/// <summary>Describes the machine that figures were taken on.</summary>
internal static class Machine
{
    /// <summary>Processor, cores, memory, libtorch and .NET, in one line.</summary>
    public static string Describe()
    {
        NativeLibraries.EnsureLoaded();
        double memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Processor()}, {Environment.ProcessorCount} cores, {memory:0.#} GiB; {RuntimeInformation.OSDescription}; libtorch "
                + $"{torch.__version__}, {RuntimeInformation.FrameworkDescription}"
        );
    }

    private static string Processor()
    {
        const string InfoPath = "/proc/cpuinfo";
        string? line = File.Exists(InfoPath)
            ? File.ReadLines(InfoPath).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':', 2)[1].Trim()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
