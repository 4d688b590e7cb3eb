namespace ResizeLora.Tests.Processes;

/// <summary>A conversion that is killed leaves whole files, as a resize does.</summary>
[Collection(ProcessTests.Name)]
public sealed class KilledConversionTests
{
    private const int Kills = 12;

    [Fact]
    public void Killed_while_it_writes_it_leaves_whole_files_and_the_next_run_completes()
    {
        using var scene = new ProcessScene(layers: 40, side: 768, rank: 96);
        string script = $"""
            [Console]::Out.WriteLine('ready'); [Console]::Out.Flush()
            $given = @{"{"} OutputDirectory = {scene.Quoted("output")}; Force = $true {"}"}
            foreach ($type in 32, 'BFloat16', 16) {"{"} $null = Convert-Lora {scene.Quoted("lora.safetensors")} -DType $type @given {"}"}
            """;
        Run(scene, script);
        Dictionary<string, byte[]> expected = Directory.GetFiles(scene.Output).ToDictionary(path => path, File.ReadAllBytes);
        Assert.Equal(3, expected.Count);
        int unfinished = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            Array.ForEach(Directory.GetFiles(scene.Output), File.Delete);
            using (PowerShellProcess process = scene.Start(script))
            {
                Assert.Equal("ready", process.ReadLine());
                Assert.True(
                    SpinWait.SpinUntil(
                        () => process.HasExited || Directory.EnumerateFiles(scene.Output).Any(),
                        TimeSpan.FromMinutes(1)
                    )
                );
                Thread.Sleep(8 * kill);
                process.Kill();
            }

            string[] files = Directory.GetFiles(scene.Output);
            string[] finished = [.. files.Where(static path => path.EndsWith(".safetensors", StringComparison.Ordinal))];
            Assert.All(finished, path => Assert.Equal(expected[path], File.ReadAllBytes(path)));
            Assert.All(files.Except(finished), static path => Assert.EndsWith(".tmp", path, StringComparison.Ordinal));
            unfinished += files.Length > finished.Length || finished.Length < expected.Count ? 1 : 0;
        }

        // Points that all fall behind the writing would prove nothing.
        Assert.InRange(unfinished, 1, Kills);
        Run(scene, script);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), Directory.GetFiles(scene.Output).Order(StringComparer.Ordinal));
        Assert.All(expected, static file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    private static void Run(ProcessScene scene, string script)
    {
        using PowerShellProcess process = scene.Start(script);
        process.WaitForEnd();
    }
}
