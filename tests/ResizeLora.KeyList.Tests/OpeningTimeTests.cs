using System.Diagnostics;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Sessions;

namespace ResizeLora.KeyLists;

/// <summary>Names cost nothing.</summary>
[Collection(nameof(OpeningTimeTests))]
public sealed class OpeningTimeTests
{
    [Theory]
    [InlineData("kohya")]
    [InlineData("kohya, diffusers' names")]
    public void A_large_adapter_is_joined_with_a_large_base_model_in_a_moment(string spelling)
    {
        using var folder = new TemporaryFolder();
        (string adapterPath, int tensors) = WriteAdapter(folder, AdapterSpelling.Get(spelling));
        string basePath = WriteBase(folder);
        Assert.True(tensors >= 2_900, $"{tensors} tensors");
        var times = new List<double>();
        for (int run = 0; run < 40; run++)
        {
            long start = Stopwatch.GetTimestamp();
            using var checkpoint = Checkpoint.Open(basePath);
            using var adapter = Adapter.Open(adapterPath);
            var joined = new AdapterBase(adapter, checkpoint);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Assert.Equal(adapter.Layers.Count, joined.FittingCount);
        }

        // Other programs on the machine take their share of most runs; the first are those of a compiler that has not seen the code yet.
        double fastest = times.Skip(10).Min();
        Assert.True(fastest < 50, $"{fastest:0.0} ms, the median {times.Order().ElementAt(times.Count / 2):0.0} ms");
    }

    // SDXL, a little deeper at its outer level and narrow.
    private static OwnModel Model { get; } =
        new("SDXL", Family.Sdxl, "model.diffusion_model.", OwnModels.UNet([1, 2, 4], 0b110, 64, 8, isConvolution: false), HasOther: true);

    private static (string Path, int Tensors) WriteAdapter(TemporaryFolder folder, AdapterSpelling spelling)
    {
        KeyList list = spelling.Of(Model);
        return (list.Write(folder.PathOf("adapter.safetensors")), list.Tensors.Count);
    }

    // Biases and norms make up the number.
    private static string WriteBase(TemporaryFolder folder)
    {
        IEnumerable<ListedTensor> weights = Model.Modules.Select(static module => OwnModel.TensorOf(module, Model.Prefix));
        ListedTensor[] biases =
        [
            .. Enumerable
                .Range(0, 2_500 - Model.Modules.Count)
                .Select(static index => new ListedTensor($"model.diffusion_model.norm_{index}.bias", TensorType.Float16, [8])),
        ];
        return new KeyList("base", weights.Concat(biases)).Write(folder.PathOf("base.safetensors"));
    }
}

/// <summary>Times are taken while nothing else runs.</summary>
[CollectionDefinition(nameof(OpeningTimeTests), DisableParallelization = true)]
public sealed class OpeningTimeGroup;
