using System.Diagnostics;
using System.Text.Json;

namespace ResizeLora.Tests.Processes;

/// <summary>A run may be killed at any moment: whatever bears a final name is whole, and the next run cleans up and completes.</summary>
[Collection(ProcessTests.Name)]
public sealed class KilledRunTests
{
    private const int Kills = 50;

    // Before the first output a process starts and loads libraries, where there is little to spoil.
    private const int KillsWhileStarting = 6;

    // And most of the rest of its life a small run prepares: these points follow the first file that it makes.
    private const int KillsWhileWriting = 20;

    private const int Recipes = 8;

    private const string TemporaryName = @"^\.resizelora-[a-z0-9_]+_[0-9a-f]{8}-\d+-[0-9a-f]+-[0-9a-f]{32}\.tmp$";

    // Runs side by side, each with files of its own, to take half the time.
    private const int Lanes = 2;

    [Fact]
    public void Killed_at_fifty_points_of_its_life_a_run_leaves_whole_files_and_the_next_one_completes()
    {
        int[] seen = [.. ParallelEnumerable.Range(0, Lanes).WithDegreeOfParallelism(Lanes).Select(KillAll)];

        // Points that all fall before or behind the writing would prove nothing.
        Assert.InRange(seen.Sum(), KillsWhileWriting / 4, Kills);
    }

    // Gives the number of kills after which something was seen that was not finished.
    private static int KillAll(int lane)
    {
        using var scene = new ProcessScene(layers: 6, side: 384, rank: 32);
        string script = $"""
            [Console]::Out.WriteLine('ready'); [Console]::Out.Flush()
            $null = Resize-Lora {scene.Quoted("lora.safetensors")} -Checkpoint {scene.Quoted(
                "base.safetensors"
            )} -OutputDirectory {scene.Quoted("output")} -Force -Recipe ({string.Join(
                ',',
                Enumerable.Range(0, Recipes).Select(static index =>
                    FormattableString.Invariant($"'spn_ckpt=1,spn_lora=0.{index + 10},thr=-9'")
                )
            )})
            """;
        (TimeSpan starting, TimeSpan working) = Live(scene, script);
        Dictionary<string, byte[]> expected = Directory.GetFiles(scene.Output).ToDictionary(path => path, File.ReadAllBytes);
        byte[][] inputs = [File.ReadAllBytes(scene.Lora), File.ReadAllBytes(scene.Base)];
        Assert.Equal(Recipes, expected.Count);

        int seen = 0;
        for (int kill = lane; kill < Kills; kill += Lanes)
        {
            // Now and then from nothing, so that missing files are seen as well as replaced ones.
            bool whileWriting = kill >= Kills - KillsWhileWriting;
            if (whileWriting || kill % 3 == 0)
            {
                Array.ForEach(Directory.GetFiles(scene.Output), File.Delete);
                Directory.CreateDirectory(scene.Cache).Delete(recursive: true);
            }

            using (PowerShellProcess process = scene.Start(script))
            {
                if (kill < KillsWhileStarting)
                {
                    Thread.Sleep(starting * kill / KillsWhileStarting);
                }
                else
                {
                    Assert.Equal("ready", process.ReadLine());
                    if (whileWriting)
                    {
                        Assert.True(
                            SpinWait.SpinUntil(
                                () => process.HasExited || Directory.EnumerateFiles(scene.Output).Any(),
                                TimeSpan.FromMinutes(1)
                            )
                        );
                        Thread.Sleep(kill - (Kills - KillsWhileWriting));
                    }
                    else
                    {
                        Thread.Sleep(working * (kill - KillsWhileStarting) / (Kills - KillsWhileStarting - KillsWhileWriting));
                    }
                }

                process.Kill();
            }

            string[] files = Directory.GetFiles(scene.Output);
            string[] finished = [.. files.Where(static path => path.EndsWith(".safetensors", StringComparison.Ordinal))];
            Assert.All(finished, path => Assert.Equal(expected[path], File.ReadAllBytes(path)));
            Assert.All(files.Except(finished), static path => Assert.Matches(TemporaryName, Path.GetFileName(path)));
            Assert.Equal(inputs, [File.ReadAllBytes(scene.Lora), File.ReadAllBytes(scene.Base)]);
            seen += files.Length > finished.Length || finished.Length is > 0 and < Recipes ? 1 : 0;
            foreach (string cached in Directory.Exists(scene.Cache) ? Directory.GetFiles(scene.Cache, "*.json") : [])
            {
                JsonDocument.Parse(File.ReadAllBytes(cached)).Dispose();
            }
        }

        Live(scene, script);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), Directory.GetFiles(scene.Output).Order(StringComparer.Ordinal));
        Assert.All(expected, static file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
        return seen;
    }

    private static (TimeSpan Starting, TimeSpan Working) Live(ProcessScene scene, string script)
    {
        var clock = Stopwatch.StartNew();
        using PowerShellProcess process = scene.Start(script);
        Assert.Equal("ready", process.ReadLine());
        TimeSpan starting = clock.Elapsed;
        process.WaitForEnd();
        return (starting, clock.Elapsed - starting);
    }
}
