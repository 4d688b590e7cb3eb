using System.Diagnostics;

namespace ResizeLora.Bench.Measuring;

/// <summary>Starts another process and waits for it.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a command.</summary>
    /// <param name="fileName">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it wrote, and how long it took from start to exit.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static (string Output, TimeSpan Elapsed) Run(string fileName, IEnumerable<string> arguments)
    {
        var clock = Stopwatch.StartNew();
        using Process process = Process.Start(
            new ProcessStartInfo(fileName, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
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
    public static (string Output, TimeSpan Elapsed) RunSelf(IEnumerable<string> arguments)
    {
        string self = Environment.ProcessPath!;
        bool hosted = Path.GetFileNameWithoutExtension(self) == "dotnet";
        return Run(self, hosted ? arguments.Prepend(typeof(ChildProcess).Assembly.Location) : arguments);
    }
}
