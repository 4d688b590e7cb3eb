using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>Layers of every kind in random shapes: spectra and truncations are those of ΔW in double precision.</summary>
public sealed class KindAccuracyTests
{
    private const string Everything = "rank=100000";

    /// <summary>The kinds whose ΔW needs no base weight.</summary>
    public static TheoryData<string> Kinds => [.. KindTensors.Own];

    /// <summary>Those of them that are LoKr.</summary>
    public static TheoryData<string> KroneckerKinds => [.. KindTensors.Own.Where(KindTensors.IsLoKr)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_factors_of_a_layer_multiply_to_its_change(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(TensorsOf(kind, seed: 3));
        Assert.NotEmpty(scene.Adapter.Layers);
        foreach (AdapterLayer layer in scene.Adapter.Layers)
        {
            Tensor expected = PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(layer.Name))!);
            double error = WrittenLayer.Norm(WrittenLayer.Delta(scene.Adapter.File, layer) - expected);
            Assert.True(error <= 1e-6 * WrittenLayer.Norm(expected), $"{layer.Name}: ΔW is off by {error:g3}.");
            Assert.Equal(layer.Alpha, layer.Scale * layer.Rank, 1e-9 * Math.Abs(layer.Alpha));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Singular_values_are_within_a_ten_thousandth(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(TensorsOf(kind, seed: 5));
        Assert.Equal(14, scene.Job.Layers.Count);
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            AssertSpectrum(layer, PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(layer.Layer))!));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_truncated_layer_is_the_best_of_its_rank(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(TensorsOf(kind, seed: 7));
        foreach (string recipe in (string[])["rank=1", "rank=2", "sv_fro=0.9", Everything])
        {
            using KindOutput output = scene.Resize(recipe, OutputKind.LoRA);
            foreach (LayerResult layer in output.Layers)
            {
                Dictionary<string, Tensor> written = output.PartsOf(layer.Layer);
                Assert.Contains(PlainParts.Up, written.Keys);
                AssertTruncated(scene, layer, written);
                Assert.Equal(layer.NewRank, written[PlainParts.Up].shape[1]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(KroneckerKinds))]
    public void A_LoKr_that_stays_one_is_the_best_of_its_kind(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(TensorsOf(kind, seed: 9));
        foreach (string recipe in (string[])["rank=1", "rank=2", "rank=3", Everything])
        {
            using KindOutput output = scene.Resize(recipe, OutputKind.Same);
            foreach (LayerResult layer in output.Layers)
            {
                Dictionary<string, Tensor> written = output.PartsOf(layer.Layer);
                Assert.True(PlainKinds.IsKronecker(written), $"{layer.Layer} is no LoKr.");
                AssertTruncated(scene, layer, written);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void By_default_no_layer_grows(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(TensorsOf(kind, seed: 11));
        foreach (string recipe in (string[])["rank=2", Everything])
        {
            using KindOutput output = scene.Resize(recipe, OutputKind.Smallest);
            foreach (LayerResult layer in output.Layers)
            {
                Dictionary<string, Tensor> written = output.PartsOf(layer.Layer);
                AssertTruncated(scene, layer, written);
                Assert.InRange(CountOf(written), 1, CountOf(scene.PartsOf(layer.Layer)));
            }
        }
    }

    [Theory]
    [InlineData(KindTensors.DoRAOutput)]
    [InlineData(KindTensors.DoRAInput)]
    [InlineData(KindTensors.LoHaDoRA)]
    [InlineData(KindTensors.LoKrDoRA)]
    public void Magnitudes_stay_bit_for_bit_and_with_them_a_dimension(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(TensorsOf(kind, seed: 13));
        foreach (OutputKind outputKind in Enum.GetValues<OutputKind>())
        {
            // The threshold is above every score. A LoKr that stays one keeps a dimension of its second half.
            using KindOutput output = scene.Resize("spn_lora=1,thr=5", outputKind);
            foreach (LayerResult layer in output.Layers)
            {
                string name = $"{layer.Layer}.dora_scale";
                Assert.Equal(scene.Adapter.File.Read(scene.Adapter.File.Find(name)!), output.Read(name));
                Assert.InRange(layer.NewRank, 1, outputKind == OutputKind.LoRA ? 1 : int.MaxValue);
                AssertTruncated(scene, layer, output.PartsOf(layer.Layer));
            }
        }
    }

    [Theory]
    [InlineData(KindTensors.GLoRA)]
    [InlineData(KindTensors.GLoRAOld)]
    public void GLoRA_over_its_base_weight_is_truncated_like_any_other(string kind)
    {
        // Over larger kernels it is of no low rank and stays as it is.
        using DisposeScope scope = NewDisposeScope();
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(kind, seed: 15);
        using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers));
        HashSet<string> resized = [.. scene.Job.Layers.Select(static layer => layer.Layer)];
        Assert.All(layers, layer => Assert.Equal(layer.Weight.Skip(2).All(static side => side == 1), resized.Contains(layer.Name)));
        Dictionary<string, Tensor> bases = KindFile.DoublesOf(layers);
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            AssertSpectrum(layer, PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(layer.Layer), bases[layer.Layer])!));
        }

        foreach (string recipe in (string[])["rank=1", "rank=3", Everything])
        {
            using KindOutput output = scene.Resize(recipe, OutputKind.LoRA);
            foreach (LayerResult layer in output.Layers)
            {
                Dictionary<string, Tensor> written = output.PartsOf(layer.Layer);
                Assert.Contains(PlainParts.Up, written.Keys);
                AssertTruncated(scene, layer, written, bases[layer.Layer]);
            }
        }
    }

    [Fact]
    public void Whole_differences_become_the_best_layers_of_their_rank_and_vectors_stay()
    {
        using DisposeScope scope = NewDisposeScope();
        var gaussian = new Gaussian(17);
        SampleTensor[] tensors =
        [
            SampleTensor.Of("lora_unet_a.diff", TensorType.Float32, [9, 7], gaussian.Numbers(63)),
            SampleTensor.Of("lora_unet_a.diff_b", TensorType.Float32, [9], gaussian.Numbers(9)),
            SampleTensor.Of("lora_unet_b.diff", TensorType.Float32, [5, 4, 3, 3], gaussian.Numbers(180)),
            SampleTensor.Of("lora_unet_c.diff", TensorType.Float32, [3, 2, 3], gaussian.Numbers(18)),
            SampleTensor.Of("lora_unet_norm.w_norm", TensorType.Float32, [6], gaussian.Numbers(6)),
            SampleTensor.Of("lora_unet_norm.diff", TensorType.Float32, [6], gaussian.Numbers(6)),
            SampleTensor.Of("lora_unet_modulation.diff", TensorType.Float32, [1, 6, 5], gaussian.Numbers(30)),
            SampleTensor.Of("lora_unet_token.diff", TensorType.Float32, [1, 1, 6], gaussian.Numbers(6)),
            SampleTensor.Of("lora_unet_gain.diff", TensorType.Float32, [6, 1, 1, 1], gaussian.Numbers(6)),
        ];
        using var scene = new KindScene(tensors, includeDifference: true);
        Assert.Equal(["lora_unet_a", "lora_unet_b", "lora_unet_c"], scene.Job.Layers.Select(static layer => layer.Layer).Order());
        using KindOutput output = scene.Resize("rank=2", OutputKind.LoRA);
        foreach (LayerResult layer in output.Layers)
        {
            Assert.Equal(2, layer.NewRank);
            Dictionary<string, Tensor> written = output.PartsOf(layer.Layer);
            Assert.DoesNotContain("diff", written.Keys);
            AssertTruncated(scene, layer, written);
        }

        string[] kept = ["a.diff_b", "norm.w_norm", "norm.diff", "modulation.diff", "token.diff", "gain.diff"];
        foreach (string name in kept.Select(static name => $"lora_unet_{name}"))
        {
            Assert.Equal(tensors.Single(tensor => tensor.Name == name).Bytes, output.Read(name));
        }
    }

    [Fact]
    public void Without_being_asked_whole_differences_are_copied()
    {
        var gaussian = new Gaussian(18);
        SampleTensor difference = SampleTensor.Of("lora_unet_a.diff", TensorType.Float32, [9, 7], gaussian.Numbers(63));
        using var scene = new KindScene([difference, .. TensorsOf(KindTensors.LoRA, seed: 19)]);
        Assert.DoesNotContain(scene.Job.Layers, static layer => layer.Layer == "lora_unet_a");
        Assert.Contains(scene.Adapter.KeptLayers, static layer => layer.Name == "lora_unet_a");
        using KindOutput output = scene.Resize("rank=1", OutputKind.LoRA);
        Assert.Equal(difference.Bytes, output.Read(difference.Name));
    }

    [Fact]
    public void An_embedding_of_PEFT_is_a_layer_like_any_other()
    {
        using DisposeScope scope = NewDisposeScope();
        const string Layer = "base_model.model.model.embed_tokens";
        var gaussian = new Gaussian(20);
        using var scene = new KindScene([
            SampleTensor.Of($"{Layer}.lora_embedding_A", TensorType.Float32, [4, 30], gaussian.Numbers(120)),
            SampleTensor.Of($"{Layer}.lora_embedding_B", TensorType.Float32, [12, 4], gaussian.Numbers(48)),
        ]);
        AssertSpectrum(Assert.Single(scene.Job.Layers), PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(Layer))!));
        using KindOutput output = scene.Resize("rank=2", OutputKind.Smallest);
        Dictionary<string, Tensor> written = output.PartsOf(Layer);
        Assert.Equal([2, 30], written["lora_embedding_A"].shape);
        Assert.Equal([12, 2], written["lora_embedding_B"].shape);
        AssertTruncated(scene, Assert.Single(output.Layers), written);
    }

    private static IEnumerable<SampleTensor> TensorsOf(string kind, int seed) =>
        KindFile.Layers(kind, seed).SelectMany(static layer => layer.Tensors);

    private static long CountOf(Dictionary<string, Tensor> parts) =>
        parts.Where(static part => part.Key is not (PlainParts.Alpha or PlainParts.Magnitude)).Sum(static part => part.Value.numel());

    private static void AssertSpectrum(LayerSpectrum layer, Tensor change)
    {
        double[] expected = Dense.ToArray(linalg.svdvals(change));
        double[] found = layer.SingularValues;
        for (int index = 0; index < Math.Max(found.Length, expected.Length); index++)
        {
            double known = index < expected.Length ? expected[index] : 0;
            double value = index < found.Length ? found[index] : 0;
            double tolerance = known >= 1e-4 * expected[0] ? 1e-4 * known : 2e-6 * expected[0];
            Assert.True(
                Math.Abs(value - known) <= tolerance,
                $"{layer.Layer}: σ{index} is {value:g9}, not {known:g9}, of σ0 {expected[0]:g9}."
            );
        }

        double norm = Math.Sqrt(expected.Sum(static value => value * value));
        Assert.Equal(norm, layer.FrobeniusNorm, 1e-5 * norm);
    }

    private static void AssertTruncated(KindScene scene, LayerResult layer, Dictionary<string, Tensor> written, Tensor? weight = null)
    {
        Dictionary<string, Tensor> input = scene.PartsOf(layer.Layer);
        double error = PlainKinds.ErrorOf(input, written, layer.NewRank, weight);
        Assert.True(error <= 1e-5, $"{layer}: off by {error:g3} of its size.");

        // What the result says is lost is lost.
        Tensor whole = PlainKinds.Flat(PlainKinds.ChangeOf(input, weight)!);
        double lost = WrittenLayer.Norm(PlainKinds.Flat(PlainKinds.ChangeOf(written)!) - whole) / WrittenLayer.Norm(whole);
        Assert.Equal(lost, layer.RelativeErrorToLora, 1e-4);
    }
}
