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
    private const int Blocks = 100;

    [Theory]
    [InlineData("kohya")]
    [InlineData("diffusers")]
    public void A_large_adapter_is_joined_with_a_large_base_model_in_a_moment(string spelling)
    {
        using var folder = new TemporaryFolder();
        (string adapterPath, int tensors) = WriteAdapter(folder, AdapterSpelling.Get(spelling));
        string basePath = WriteBase(folder);
        Assert.True(tensors >= 2_900, $"{tensors} tensors");
        var times = new List<double>();
        for (int run = 0; run < 20; run++)
        {
            long start = Stopwatch.GetTimestamp();
            using var checkpoint = Checkpoint.Open(basePath);
            using var adapter = Adapter.Open(adapterPath);
            var joined = new AdapterBase(adapter, checkpoint);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Assert.Equal(adapter.Layers.Count, joined.FittingCount);
        }

        // The first runs are those of a compiler that has not seen the code yet.
        double median = times.Skip(9).Order().ElementAt(5);
        Assert.True(median < 50, $"{median:0.0} ms");
    }

    private static OwnModule[] Modules { get; } =
    [
        .. Enumerable
            .Range(0, Blocks)
            .SelectMany(static block =>
                ((string[])["img", "txt"]).SelectMany(stream =>
                    ((string, long[])[])
                        [
                            ($"double_blocks.{block % 50}.{stream}_attn.qkv", [24, 8]),
                            ($"double_blocks.{block % 50}.{stream}_attn.proj", [8, 8]),
                            ($"double_blocks.{block % 50}.{stream}_mlp.0", [32, 8]),
                            ($"double_blocks.{block % 50}.{stream}_mlp.2", [8, 32]),
                            ($"double_blocks.{block % 50}.{stream}_mod.lin", [48, 8]),
                            ($"single_blocks.{block}.linear1", [56, 8]),
                            ($"single_blocks.{block}.linear2", [8, 40]),
                            ($"single_blocks.{block}.modulation.lin", [24, 8]),
                            ($"double_blocks.{block % 50}.{stream}_extra.{block}", [8, 8]),
                        ]
                )
            )
            .DistinctBy(static module => module.Item1)
            .Select(static module => new OwnModule(BaseRoles.Denoiser, module.Item1, module.Item2)),
    ];

    private static (string Path, int Tensors) WriteAdapter(TemporaryFolder folder, AdapterSpelling spelling)
    {
        var model = new OwnModel("Large", Family.Flux, string.Empty, Modules, HasOther: true);
        KeyList list = spelling.Of(model);
        return (list.Write(folder.PathOf("adapter.safetensors")), list.Tensors.Count);
    }

    // Biases and norms make up the number.
    private static string WriteBase(TemporaryFolder folder)
    {
        IEnumerable<ListedTensor> weights = Modules.Select(static module => OwnModel.TensorOf(module, string.Empty));
        ListedTensor[] biases =
        [
            .. Enumerable.Range(0, 2_500 - Modules.Length).Select(static index => new ListedTensor($"bias.{index}", TensorType.Float16, [8])),
        ];
        return new KeyList("base", weights.Concat(biases)).Write(folder.PathOf("base.safetensors"));
    }
}

/// <summary>Times are taken while nothing else runs.</summary>
[CollectionDefinition(nameof(OpeningTimeTests), DisableParallelization = true)]
public sealed class OpeningTimeGroup;
