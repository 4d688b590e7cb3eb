namespace ResizeLora.Bench.Measuring;

/// <summary>Times commands in PowerShell, each in a process of its own.</summary>
internal static class StartUpCheck
{
    private const int Runs = 5;

    /// <summary>Measures; null when the module has not been built.</summary>
    /// <param name="outputFolder">Where outputs and norms go.</param>
    public static StartUp? Measure(string outputFolder)
    {
        if (BuiltModule.ImportCommand is not { } import)
        {
            return null;
        }

        string sample = Path.Combine(BuiltModule.Root, "samples", "sdxl-tiny");
        string lora = Path.Combine(sample, "lora.safetensors");
        string checkpoint = Path.Combine(sample, "base.safetensors");
        string firstLayer = $"Get-LoraSpectrum '{lora}' | Select-Object -First 1";
        string job = $"Resize-Lora '{lora}' -Checkpoint '{checkpoint}' -OutputDirectory '{outputFolder}' -Force";
        double empty = Fastest("$null", outputFolder);
        double Beyond(string command) => Fastest(command, outputFolder) - empty;
        return new StartUp(empty, Beyond(import), Beyond($"{import}; {firstLayer}"), Beyond($"{import}; {job}"));
    }

    // The fastest of several: a start can be disturbed, but not helped.
    private static double Fastest(string command, string cacheFolder) =>
        Enumerable.Range(0, Runs).Min(_ => BuiltModule.Run(command, cacheFolder).TotalSeconds);
}
