using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Tests.Spectra;

/// <summary>What decompositions keep in memory is bounded, and what is written never depends on the bound.</summary>
public sealed class DecompositionStoreTests : IDisposable
{
    private const int Layers = 6;
    private const int Rank = 12;

    // X and Y of one layer, in single precision.
    private const long BytesOfLayer = 2 * Rank * Rank * sizeof(float);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("spn_lora=1,thr=-0.2", false)]
    [InlineData("size=0.02", false)]
    [InlineData("retain=0.9", false)]
    [InlineData("rank=5", false)]
    [InlineData("spn_lora=1,thr=-0.2", true)]
    public void An_output_is_the_same_whatever_is_kept(string recipe, bool isKnownBefore)
    {
        string lora = WriteLora("lora", seed: 1);
        byte[] Write(long mostBytes)
        {
            using ResizeSession session = OpenSession(new DecompositionStore(mostBytes));
            ResizeRecipe parsed = ResizeRecipe.Parse(recipe);
            using var job = ResizeJob.Decompose(session, Adapter.Open(lora), null, CancellationToken.None, isKnownBefore ? [parsed] : null);
            return WriteJob(job, parsed);
        }

        byte[] expected = Write(long.MaxValue);
        Assert.All([0, BytesOfLayer / 2, 2 * BytesOfLayer, 4 * BytesOfLayer], mostBytes => Assert.Equal(expected, Write(mostBytes)));
    }

    [Fact]
    public void Layers_of_many_files_that_somebody_holds_keep_no_more_than_the_bound_and_are_all_written_the_same()
    {
        var store = new DecompositionStore(Layers * BytesOfLayer);
        using ResizeSession session = OpenSession(store);
        string[] loras = [.. Enumerable.Range(0, 4).Select(index => WriteLora($"lora{index}", index))];
        LayerSpectrum[][] held = Array.ConvertAll(
            loras,
            lora =>
            {
                using var adapter = Adapter.Open(lora);
                return session.Decompose(adapter, adapter.Layers, null, CancellationToken.None).ToArray();
            }
        );
        Assert.InRange(store.ByteLength, 1, store.MostBytes);
        Assert.All(held[0], static layer => Assert.True(layer.IsReleased));
        Assert.All(held[^1], static layer => Assert.False(layer.IsReleased));

        var recipe = ResizeRecipe.Parse("spn_lora=1,thr=-0.2");
        for (int index = 0; index < loras.Length; index++)
        {
            using var adopted = ResizeJob.Adopt(session, Adapter.Open(loras[index]), held[index], null, CancellationToken.None);
            using ResizeSession other = OpenSession(new DecompositionStore(long.MaxValue));
            using var fresh = ResizeJob.Decompose(other, Adapter.Open(loras[index]), null, CancellationToken.None);
            Assert.Equal(WriteJob(fresh, recipe), WriteJob(adopted, recipe));
            Assert.InRange(store.ByteLength, 1, store.MostBytes);
        }
    }

    [Fact]
    public void Of_one_file_the_first_layers_stay_and_a_recipe_that_is_known_keeps_what_it_writes()
    {
        var store = new DecompositionStore(2 * BytesOfLayer);
        using ResizeSession session = OpenSession(store);
        string lora = WriteLora("lora", seed: 1);
        using var adapter = Adapter.Open(lora);
        ResizeRecipe recipe = ResizeRecipe.Parse("rank=4");
        LayerSpectrum[] all = session.Decompose(adapter, adapter.Layers, null, CancellationToken.None, [recipe]).ToArray();
        Assert.Equal(Layers * BytesOfLayer * 4 / Rank, store.ByteLength);

        // Without a recipe each layer keeps its first dimensions, so that all have some.
        LayerSpectrum[] again = session.Decompose(adapter, adapter.Layers, null, CancellationToken.None).ToArray();
        Assert.All(again, static layer => Assert.False(layer.IsReleased));
        Assert.InRange(store.ByteLength, BytesOfLayer, store.MostBytes);
        GC.KeepAlive(all);
        GC.KeepAlive(again);
    }

    private ResizeSession OpenSession(DecompositionStore store) =>
        new("cpu", checkpointPath: null, new NormCache(folder.PathOf("cache"))) { Store = store };

    private byte[] WriteJob(ResizeJob job, ResizeRecipe recipe)
    {
        string path = folder.PathOf("output.safetensors");
        ResizePlan plan = job.Plan(recipe, TensorType.Float32, OutputKind.Smallest, null, CancellationToken.None);
        job.Write(plan, path, overwrite: true, null, CancellationToken.None);
        return File.ReadAllBytes(path);
    }

    private string WriteLora(string name, int seed)
    {
        var lora = new SampleLora(seed);
        for (int index = 0; index < Layers; index++)
        {
            lora.Layer($"lora_te1_text_model_encoder_layers_{index}_mlp_fc1", 48 + index, 32, Rank, alpha: 3);
        }

        return lora.Write(folder.PathOf($"{name}.safetensors"));
    }
}
