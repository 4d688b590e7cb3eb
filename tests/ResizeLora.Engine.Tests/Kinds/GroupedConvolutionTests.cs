using ResizeLora.Adapters;
using ResizeLora.Conversion;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using ResizeLora.Tests.Conversion;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>Convolutions in groups, whose weights have only the inputs of one group: [out, in / groups, kernel].</summary>
public sealed class GroupedConvolutionTests
{
    private const string Layer = "lora_unet_input_blocks_0_1_proj_in";
    private const string Weight = "model.diffusion_model.input_blocks.0.1.proj_in.weight";
    private const int Rows = 24;
    private const int Rank = 3;

    private readonly Gaussian gaussian = new(101);

    /// <summary>The inputs of a group, 1 where each channel is one; and the kind.</summary>
    public static TheoryData<int, string> Cases =>
        new()
        {
            { 1, KindTensors.LoRA },
            { 4, KindTensors.LoRA },
            { 1, KindTensors.LoHa },
            { 4, KindTensors.LoHa },
            { 4, KindTensors.LoKrSecond },
            { 4, KindTensors.Tucker },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Its_layer_is_measured_against_its_weight_and_truncated_like_any_other(int inputs, string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(Tensors(inputs, kind), [Random(Weight, Rows, inputs, 3, 3)]);
        LayerSpectrum layer = Assert.Single(scene.Job.Layers);
        Assert.NotNull(layer.BaseFrobeniusNorm);
        Dictionary<string, Tensor> input = scene.PartsOf(Layer);
        double[] expected = Dense.ToArray(linalg.svdvals(PlainKinds.Flat(PlainKinds.ChangeOf(input)!)));
        Assert.All(
            expected.Zip(layer.SingularValues),
            pair => Assert.Equal(pair.First, pair.Second, 1e-4 * expected[0])
        );
        using KindOutput output = scene.Resize("rank=2", OutputKind.LoRA);
        Dictionary<string, Tensor> written = output.PartsOf(Layer);
        Assert.Equal([2, inputs, 3, 3], written[PlainParts.Down].shape);
        Assert.Equal([Rows, 2, 1, 1], written[PlainParts.Up].shape);
        Assert.InRange(PlainKinds.ErrorOf(input, written, 2), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_converted_to_a_pair_of_factors_of_the_same_change(int inputs, string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        string path = SampleFiles.Write(folder.PathOf("in.safetensors"), Tensors(inputs, kind));
        LoraConversion result = ConversionScene.Convert(path, folder.PathOf("out/lora.safetensors"), new() { ToPairs = true });
        using (Adapter adapter = Adapter.Open(result.Path))
        {
            Assert.True(Assert.Single(adapter.Layers).IsPlainPair);
        }

        ConversionScene.AssertSameMeaning(path, result.Path);
    }

    private IEnumerable<SampleTensor> Tensors(int inputs, string kind) =>
        [
            .. KindTensors.Of(kind, [Rows, inputs, 3, 3], Rank).Select(factor => Random(Layer + factor.Ending, factor.Shape)),
            SampleTensor.Scalar($"{Layer}.alpha", 2),
        ];

    private SampleTensor Random(string name, params long[] shape) =>
        SampleTensor.Of(name, TensorType.Float32, shape, gaussian.Numbers((int)shape.Aggregate(1L, static (all, side) => all * side), 0.3));
}
