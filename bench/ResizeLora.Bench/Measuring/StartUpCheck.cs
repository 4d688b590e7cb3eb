namespace ResizeLora.Bench.Measuring;

/// <summary>Times commands on the console host that the build leaves in out/host, each in a process of its own.</summary>
internal static class StartUpCheck
{
    private const int Runs = 5;
    private const string Layer = "lora_unet_middle_block_1_proj_in";

    /// <summary>Measures; null when the host has not been built.</summary>
    public static StartUp? Measure()
    {
        string root = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;
        string host = Path.Combine(root, "out", "host", "ResizeLora.Host.dll");
        if (!File.Exists(host))
        {
            return null;
        }

        string import = $"Import-Module '{Path.Combine(root, "out", "ResizeLora", "ResizeLora.psd1")}'";
        string sample = Path.Combine(root, "samples", "sdxl-tiny", "lora.safetensors");
        double empty = Fastest(host, "$null");
        return new StartUp(empty, Fastest(host, import) - empty, Fastest(host, $"{import}; Get-LoraSpectrum -Path '{sample}' -Layer '{Layer}'") - empty);
    }

    // The fastest of several: a start can be disturbed, but not helped.
    private static double Fastest(string host, string command) =>
        Enumerable.Range(0, Runs).Min(_ => ChildProcess.Run("dotnet", [host, "-NoModule", command]).Elapsed.TotalSeconds);
}
