using System.Globalization;
using ResizeLora.Checkpoints;

namespace ResizeLora.Tests.Processes;

/// <summary>Processes that start at once, on one cold cache.</summary>
[Collection(ProcessTests.Name)]
public sealed class SharedCacheTests
{
    private const int LayerCount = 6;

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Processes_that_share_one_cold_cache_agree_and_leave_it_whole(int count)
    {
        using var scene = new ProcessScene(LayerCount, side: 128, rank: 2);
        string script = $$"""
            [Console]::Out.WriteLine('ready'); [Console]::Out.Flush()
            while (-not [System.IO.File]::Exists({{scene.Quoted("go")}})) { [System.Threading.Thread]::Sleep(1) }
            foreach ($layer in Get-LoraSpectrum {{scene.Quoted("lora.safetensors")}} -Checkpoint {{scene.Quoted(
                "base.safetensors"
            )}} -WarningAction Stop) {
                [Console]::Out.WriteLine($layer.BaseSpectralNorm.ToString('R', [cultureinfo]::InvariantCulture))
            }
            """;
        PowerShellProcess[] processes = [.. Enumerable.Range(0, count).Select(_ => scene.Start(script))];
        try
        {
            Assert.All(processes, static process => Assert.Equal("ready", process.ReadLine()));
            Assert.False(Directory.Exists(scene.Cache));
            File.WriteAllText(scene.PathOf("go"), string.Empty);
            string[][] norms = [.. processes.Select(static process => process.WaitForEnd())];
            Assert.Equal(LayerCount, norms[0].Length);
            Assert.All(norms, one => Assert.Equal(norms[0], one));

            Assert.Single(Directory.GetFiles(scene.Cache));
            using Checkpoint checkpoint = Checkpoint.Open(scene.Base);
            var log = new EventLog();
            var provider = new BaseNormProvider(checkpoint, new NormCache(scene.Cache), new GramOperatorFactory(), 1);
            IReadOnlyDictionary<string, BaseNorms> kept = provider.GetNorms(
                Enumerable
                    .Range(0, LayerCount)
                    .Select(index => checkpoint.Find(FormattableString.Invariant($"lora_unet_input_blocks_{index}_0_proj_in"))!),
                log,
                CancellationToken.None
            );
            Assert.Equal(
                norms[0].Order(StringComparer.Ordinal),
                kept.Values.Select(static norm => norm.Spectral.ToString("R", CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal)
            );
            Assert.DoesNotContain(log.Verbose, static line => line.Contains("ignored", StringComparison.Ordinal));
        }
        finally
        {
            Array.ForEach(processes, static process => process.Dispose());
        }
    }
}
