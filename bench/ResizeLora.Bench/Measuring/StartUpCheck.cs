using ResizeLora.Checkpoints;

namespace ResizeLora.Bench.Measuring;

/// <summary>Times commands on the console host that the build leaves in out/host, each in a process of its own.</summary>
internal static class StartUpCheck
{
    private const int Runs = 5;

    /// <summary>Measures; null when the host has not been built.</summary>
    /// <param name="outputFolder">Where outputs and norms go.</param>
    public static StartUp? Measure(string outputFolder)
    {
        string root = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;
        string host = Path.Combine(root, "out", "host", "ResizeLora.Host.dll");
        if (!File.Exists(host))
        {
            return null;
        }

        string import = $"Import-Module '{Path.Combine(root, "out", "ResizeLora", "ResizeLora.psd1")}'";
        string sample = Path.Combine(root, "samples", "sdxl-tiny");
        string firstLayer = $"Get-LoraSpectrum '{Path.Combine(sample, "lora.safetensors")}' | Select-Object -First 1";
        string job = $"Resize-Lora '{Path.Combine(sample, "lora.safetensors")}' -Checkpoint '{Path.Combine(sample, "base.safetensors")}' -OutputDirectory '{outputFolder}' -Force";
        double empty = Fastest(host, "$null", outputFolder);
        double Beyond(string command) => Fastest(host, command, outputFolder) - empty;
        return new StartUp(empty, Beyond(import), Beyond($"{import}; {firstLayer}"), Beyond($"{import}; {job}"));
    }

    // The fastest of several: a start can be disturbed, but not helped.
    private static double Fastest(string host, string command, string cacheFolder)
    {
        string isolated = $"$env:{NormCache.FolderVariable} = '{cacheFolder}'; {command}";
        return Enumerable.Range(0, Runs).Min(_ => ChildProcess.Run("dotnet", [host, "-NoModule", isolated]).Elapsed.TotalSeconds);
    }
}
