using System.Globalization;

namespace ResizeLora.Tests.Processes;

/// <summary>A long pipeline ends with what it began with.</summary>
[Collection(ProcessTests.Name)]
public sealed class SoakTests
{
    private const int Files = 200;

    // Each file takes 1.5 MiB, its factors in single and double precision several times that: what was kept of every one would be
    // hundreds of MiB.
    private const long Slack = 48L << 20;

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
        using (HostProcess process = scene.Start($$"""
            $count = 0
            Resize-Lora {{HostProcess.Quote(Path.Combine(folder, "*.safetensors"))}} -Checkpoint {{scene.Quoted("base.safetensors")}} -OutputDirectory {{scene.Quoted("output")}} | ForEach-Object {
                $count++
                if ($count -eq 3 -or $count -eq {{Files}}) {
                    [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
                    $memory = [long] [System.IO.File]::ReadAllText('/proc/self/statm').Split(' ')[1] * [Environment]::SystemPageSize
                    $handles = [System.IO.Directory]::GetFileSystemEntries('/proc/self/fd').Length
                    $mappings = [System.IO.File]::ReadAllLines('/proc/self/maps').Where({ $_.Contains('.safetensors') }).Count
                    [Console]::Out.WriteLine("$memory $handles $mappings")
                }
            }
            """))
        {
            measured = [.. process.WaitForEnd().Select(static line => line.Split(' ').Select(static number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray()).Select(static numbers => (numbers[0], numbers[1], numbers[2]))];
        }

        Assert.Equal(2, measured.Length);
        Assert.Equal(Files, Directory.GetFiles(scene.Output).Length);
        Assert.True(measured[1].Memory <= measured[0].Memory + Slack, $"{measured[0].Memory >> 20} MiB at the third file, {measured[1].Memory >> 20} MiB at the last.");
        Assert.InRange(measured[1].Handles, 0, measured[0].Handles + 4);
        Assert.Equal((0, 0), (measured[0].Mappings, measured[1].Mappings));
    }
}
