using ResizeLora.Checkpoints;

namespace ResizeLora.Bench.Measuring;

/// <summary>Times commands in PowerShell, each in a process of its own.</summary>
internal static class StartUpCheck
{
    private const int Runs = 5;

    /// <summary>Measures; null when the module has not been built.</summary>
    /// <param name="outputFolder">Where outputs and norms go.</param>
    public static StartUp? Measure(string outputFolder)
    {
        string root = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;
        string manifest = Path.Combine(root, "out", "ResizeLora", "ResizeLora.psd1");
        if (!File.Exists(manifest))
        {
            return null;
        }

        string import = $"Import-Module '{manifest}'";
        string sample = Path.Combine(root, "samples", "sdxl-tiny");
        string lora = Path.Combine(sample, "lora.safetensors");
        string checkpoint = Path.Combine(sample, "base.safetensors");
        string firstLayer = $"Get-LoraSpectrum '{lora}' | Select-Object -First 1";
        string job = $"Resize-Lora '{lora}' -Checkpoint '{checkpoint}' -OutputDirectory '{outputFolder}' -Force";
        double empty = Fastest("$null", outputFolder);
        double Beyond(string command) => Fastest(command, outputFolder) - empty;
        return new StartUp(empty, Beyond(import), Beyond($"{import}; {firstLayer}"), Beyond($"{import}; {job}"));
    }

    // The fastest of several: a start can be disturbed, but not helped.
    private static double Fastest(string command, string cacheFolder)
    {
        string isolated = $"$env:{NormCache.FolderVariable} = '{cacheFolder}'; {command}";
        string shell = (string)AppContext.GetData("ResizeLora.PowerShell")!;
        return Enumerable
            .Range(0, Runs)
            .Min(_ => ChildProcess.Run("dotnet", [shell, "-NoProfile", "-Command", isolated]).Elapsed.TotalSeconds);
    }
}
