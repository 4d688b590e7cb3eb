using ResizeLora.Bench.Generation;

namespace ResizeLora.Bench.Measuring;

/// <summary>What a batch took in PowerShell.</summary>
/// <param name="Count">How many files.</param>
/// <param name="Seconds">From the start of PowerShell to its end.</param>
internal sealed record PipelineFigures(int Count, double Seconds);

/// <summary>Times many files in one pipeline of PowerShell, its start included.</summary>
internal static class PipelineCheck
{
    /// <summary>Measures; null when the module has not been built.</summary>
    /// <param name="files">The files.</param>
    /// <param name="outputFolder">Where outputs and norms go.</param>
    /// <param name="runs">How many runs, of which the median counts.</param>
    public static PipelineFigures? Measure(BenchFiles files, string outputFolder, int runs)
    {
        if (BuiltModule.ImportCommand is not { } import)
        {
            return null;
        }

        string loras = Path.Combine(files.Folder, $"sd15-r{files.ManyRank}-*.safetensors");
        string command =
            $"{import}; $done = @(Get-ChildItem '{loras}' | Resize-Lora -Checkpoint '{files.Sd15Checkpoint}' "
            + $"-OutputDirectory '{outputFolder}' -Force); if ($done.Count -ne {files.Sd15Loras.Count}) {{ throw $done.Count }}";

        // The first run leaves the norms of the base model.
        double[] seconds =
        [
            .. Enumerable.Range(0, runs + 1).Select(_ => BuiltModule.Run(command, outputFolder).TotalSeconds).Skip(1).Order(),
        ];
        return new PipelineFigures(files.Sd15Loras.Count, (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2);
    }
}
