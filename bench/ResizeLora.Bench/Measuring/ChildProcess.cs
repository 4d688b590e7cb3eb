using System.Diagnostics;
using System.Globalization;

namespace ResizeLora.Bench.Measuring;

/// <summary>Starts another process and waits for it.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a command.</summary>
    /// <param name="fileName">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="processorCount">How many processors .NET is to see in it, or null for all.</param>
    /// <returns>What it wrote, and how long it took from start to exit.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static (string Output, TimeSpan Elapsed) Run(string fileName, IEnumerable<string> arguments, int? processorCount = null)
    {
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo(fileName, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (processorCount is { } count)
        {
            start.Environment["DOTNET_PROCESSOR_COUNT"] = count.ToString(CultureInfo.InvariantCulture);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        TimeSpan elapsed = clock.Elapsed;
        return process.ExitCode == 0
            ? (output, elapsed)
            : throw new InvalidOperationException(
                $"{fileName} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.Result}{output}"
            );
    }

    /// <summary>Runs this program once more, with other arguments.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="processorCount">How many processors .NET is to see in it, or null for all.</param>
    public static (string Output, TimeSpan Elapsed) RunSelf(IEnumerable<string> arguments, int? processorCount = null)
    {
        string self = Environment.ProcessPath!;
        bool hosted = Path.GetFileNameWithoutExtension(self) == "dotnet";
        return Run(self, hosted ? arguments.Prepend(typeof(ChildProcess).Assembly.Location) : arguments, processorCount);
    }
}
