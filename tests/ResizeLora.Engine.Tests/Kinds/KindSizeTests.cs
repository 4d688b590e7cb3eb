using System.Globalization;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Kinds;

/// <summary>A size is kept to the byte whatever kinds a file holds.</summary>
public sealed class KindSizeTests
{
    [Theory]
    [InlineData(OutputKind.LoRA)]
    [InlineData(OutputKind.Smallest)]
    [InlineData(OutputKind.Same)]
    public void Over_a_sweep_of_sizes_no_file_is_larger_and_more_room_keeps_more(OutputKind kind)
    {
        using var scene = new KindScene(
            KindTensors.Own.SelectMany(
                static (kind, number) =>
                    KindFile
                        .Layers(kind, seed: 61, count: 3)
                        .SelectMany(static layer => layer.Tensors)
                        .Select(tensor =>
                            tensor with
                            {
                                Name = tensor.Name.Replace(
                                    KindFile.Layer,
                                    string.Create(CultureInfo.InvariantCulture, $"lora_unet_kind_{number}_layer_"),
                                    StringComparison.Ordinal
                                ),
                            }
                        )
            )
        );
        long whole = scene.Plan("spn_lora=1,thr=-9", kind).Length;
        long least = scene.Plan("spn_lora=1,thr=9", kind).Length;
        double previousError = 1;
        Assert.True(least < whole / 2);
        for (long limit = least + 500; limit <= whole + 500; limit += (whole - least) / 9)
        {
            string recipe = string.Create(CultureInfo.InvariantCulture, $"fro_lora,size={limit / 1048576.0:R}");
            using KindOutput output = scene.Resize(recipe, kind);
            Assert.InRange(output.Plan.Length, 0, limit);
            Assert.True(output.Plan.Length > limit - 4_000 || limit > whole, $"{output.Plan.Length} bytes of {limit} are used.");
            double error = output.Plan.Measurement.RelativeErrorToLora;
            Assert.True(error <= previousError + 1e-6, $"{limit} bytes lose {error:g4}, less lost {previousError:g4}.");
            previousError = error;
        }

        Assert.Equal(0, previousError, 1e-6);
    }
}
