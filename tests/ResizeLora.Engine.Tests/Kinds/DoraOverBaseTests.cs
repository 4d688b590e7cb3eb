using ResizeLora.Resizing;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>DoRA over its base weight W: what counts is W' = m∘V/‖V‖ with V = W + ΔW, the weight of the trainers' forward pass.</summary>
public sealed class DoraOverBaseTests
{
    /// <summary>The kinds with magnitudes.</summary>
    public static TheoryData<string> Kinds => [.. KindTensors.Own.Where(KindTensors.IsDoRA)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_result_says_what_the_forward_pass_loses(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(kind, seed: 71);
        using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers));
        Dictionary<string, Tensor> bases = KindFile.DoublesOf(layers);
        foreach (OutputKind outputKind in Enum.GetValues<OutputKind>())
        {
            foreach (string recipe in (string[])["rank=2", "spn_ckpt=1,thr=-0.5"])
            {
                using KindOutput output = scene.Resize(recipe, outputKind);
                Assert.Equal(layers.Length, output.Layers.Count());
                foreach (LayerResult layer in output.Layers)
                {
                    Tensor weight = bases[layer.Layer];
                    Tensor whole = Moved(weight, scene.PartsOf(layer.Layer));
                    double lost = WrittenLayer.Norm(whole - Moved(weight, output.PartsOf(layer.Layer)));
                    Assert.Equal(lost / WrittenLayer.Norm(whole), layer.RelativeErrorToLora, 1e-4);
                    Assert.Equal(lost / WrittenLayer.Norm(weight), layer.RelativeErrorToBase!.Value, 1e-4);
                    Assert.True(layer.NewRank >= 1);
                }
            }
        }
    }

    [Theory]
    [InlineData(KindTensors.DoRAOutput)]
    [InlineData(KindTensors.DoRAInput)]
    [InlineData(KindTensors.LoHaDoRA)]
    public void The_rows_or_columns_of_a_layer_count_by_their_magnitude(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(kind, seed: 73);
        using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers));
        Dictionary<string, Tensor> bases = KindFile.DoublesOf(layers);
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            double[] expected = Dense.ToArray(linalg.svdvals(Weighted(bases[layer.Layer], scene.PartsOf(layer.Layer))));
            Assert.All(
                expected.Zip(layer.SingularValues),
                pair => Assert.Equal(pair.First, pair.Second, (1e-4 * pair.First) + (1e-6 * expected[0]))
            );
        }

        using KindOutput output = scene.Resize("rank=2", OutputKind.LoRA);
        foreach (LayerResult layer in output.Layers)
        {
            Dictionary<string, Tensor> input = scene.PartsOf(layer.Layer);
            Tensor whole = Weighted(bases[layer.Layer], input);
            Tensor kept = Weighted(bases[layer.Layer], input, PlainKinds.ChangeOf(output.PartsOf(layer.Layer))!);
            double best = WrittenLayer.Norm(whole - PlainKinds.Truncate(whole, layer.NewRank));
            Assert.Equal(best, WrittenLayer.Norm(whole - kept), 1e-4 * WrittenLayer.Norm(whole));
        }
    }

    // W' − W.
    private static Tensor Moved(Tensor weight, Dictionary<string, Tensor> parts) =>
        PlainKinds.Decomposed(weight, PlainKinds.ChangeOf(parts)!, parts[PlainParts.Magnitude]);

    // m/‖V‖ times a change, by default the layer's own; the norms are those of W and the layer's own change.
    private static Tensor Weighted(Tensor weight, Dictionary<string, Tensor> parts, Tensor? change = null)
    {
        Tensor own = PlainKinds.ChangeOf(parts)!.reshape(weight.shape);
        Tensor magnitude = parts[PlainParts.Magnitude];
        Tensor norms = PlainKinds.NormsOf(weight.add(own), magnitude.shape[0] == 1);
        Tensor ratio = magnitude.abs().reshape(norms.shape).div(norms);
        return PlainKinds.Flat((change?.reshape(weight.shape) ?? own).mul(ratio));
    }
}
