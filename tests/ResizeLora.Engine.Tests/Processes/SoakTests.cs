using System.Globalization;

namespace ResizeLora.Tests.Processes;

/// <summary>A long pipeline ends with what it began with.</summary>
[Collection(ProcessTests.Name)]
public sealed class SoakTests
{
    private const int Files = 200;

    // Compiled code and the allocator's arenas settle by about 40 MiB on two cores, more on more, and stay there (the same at the 300th
    // file as
    // at the 600th). What was kept of every file would be 300 MiB for its 1.5 MiB of bytes alone, half of it in the second half.
    private const long Slack = 128L << 20;
    private const long SlackWhenWarm = 32L << 20;

    [UnixFact]
    public void Two_hundred_LoRAs_in_one_pipeline_end_with_the_memory_and_the_handles_of_the_third()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var scene = new ProcessScene(layers: 4, side: 768, rank: 128);
        string folder = Directory.CreateDirectory(scene.PathOf("loras")).FullName;
        for (int index = 0; index < Files; index++)
        {
            File.Copy(scene.Lora, Path.Combine(folder, FormattableString.Invariant($"{index:000}.safetensors")));
        }

        (long Memory, long Handles, long Mappings)[] measured;
        using (
            PowerShellProcess process = scene.Start(
                $$"""
                $count = 0
                Resize-Lora {{PowerShellProcess.Quote(Path.Combine(folder, "*.safetensors"))}} -Checkpoint {{scene.Quoted(
                    "base.safetensors"
                )}} -OutputDirectory {{scene.Quoted("output")}} | ForEach-Object {
                    $count++
                    if ($count -in 3, {{Files / 2}}, {{Files}}) {
                        [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
                        $memory = [long] [System.IO.File]::ReadAllText('/proc/self/statm').Split(' ')[1] * [Environment]::SystemPageSize
                        $handles = [System.IO.Directory]::GetFileSystemEntries('/proc/self/fd').Length
                        $mappings = [System.IO.File]::ReadAllLines('/proc/self/maps').Where({ $_.Contains('.safetensors') }).Count
                        [Console]::Out.WriteLine("$memory $handles $mappings")
                    }
                }
                """
            )
        )
        {
            measured =
            [
                .. process
                    .WaitForEnd()
                    .Select(static line =>
                        line.Split(' ').Select(static number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray()
                    )
                    .Select(static numbers => (numbers[0], numbers[1], numbers[2])),
            ];
        }

        Assert.Equal(3, measured.Length);
        Assert.Equal(Files, Directory.GetFiles(scene.Output).Length);
        Assert.True(
            measured[2].Memory <= measured[0].Memory + Slack,
            $"{measured[0].Memory >> 20} MiB at the third file, {measured[2].Memory >> 20} MiB at the last."
        );
        Assert.True(
            measured[2].Memory <= measured[1].Memory + SlackWhenWarm,
            $"{measured[1].Memory >> 20} MiB half way, {measured[2].Memory >> 20} MiB at the last file."
        );
        Assert.InRange(measured[2].Handles, 0, measured[0].Handles + 4);
        Assert.Equal((0, 0), (measured[0].Mappings, measured[2].Mappings));
    }
}
