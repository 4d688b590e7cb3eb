using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Spectra;

/// <summary>|uᵢᵀ W vᵢ| is that of double precision, relative to the size of W.</summary>
public sealed class SubspaceScaleTests : IDisposable
{
    private const string Layer = "lora_te2_text_model_encoder_layers_0_self_attn_k_proj";
    private const string Weight = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight";
    private const int Rows = 50;
    private const int Columns = 40;

    private readonly TemporaryFolder folder = new();

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>().Where(TensorTypes.IsWeight)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void Scales_are_those_of_double_precision_for_any_type_of_base(TensorType type) =>
        AssertScales(new SampleLora(3).Layer(Layer, Rows, Columns, 12, alpha: 6), type);

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(37)]
    public void Scales_are_those_of_double_precision_for_any_rank(int rank) =>
        AssertScales(new SampleLora(4).Layer(Layer, Rows, Columns, rank, alpha: 6), TensorType.Float16);

    [Fact]
    public void Scales_are_those_of_double_precision_where_single_precision_would_lose_them()
    {
        using DisposeScope scope = NewDisposeScope();
        var gaussian = new Gaussian(9);
        Tensor mix = Dense.RandomOrthogonal(gaussian, 8, 8);
        Tensor grading = tensor(Enumerable.Range(0, 8).Select(static index => Math.Pow(10, -index)).ToArray(), ScalarType.Float64);
        double[] up = Dense.ToArray(Dense.RandomOrthogonal(gaussian, Rows, 8).mul(grading).matmul(mix.t()));
        double[] down = Dense.ToArray(mix.div(grading.sqrt()).matmul(Dense.RandomOrthogonal(gaussian, Columns, 8).t()));
        AssertScales(new SampleLora().Layer(Layer, up, [Rows, 8], down, [8, Columns], type: TensorType.Float64), TensorType.Float32);
    }

    [Fact]
    public void Dimensions_of_nothing_have_a_scale_of_zero()
    {
        var gaussian = new Gaussian(4);
        double[] up = gaussian.Numbers(Rows * 4).Select(static (value, index) => index % 4 > 1 ? 0 : value).ToArray();
        double[] scales = AssertScales(
            new SampleLora().Layer(Layer, up, [Rows, 4], gaussian.Numbers(4 * Columns), [4, Columns]),
            TensorType.Float16
        );
        Assert.Equal([0, 0], scales[2..]);
        Assert.All(scales[..2], static scale => Assert.NotEqual(0, scale));
    }

    private double[] AssertScales(SampleLora lora, TensorType type)
    {
        using DisposeScope scope = NewDisposeScope();
        using var adapter = Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
        SampleTensor stacked = SampleTensor.Of(Weight, type, [3 * Rows, Columns], new Gaussian(5).Numbers(3 * Rows * Columns));
        using Checkpoint checkpoint = Checkpoint.Open(SampleFiles.Write(folder.PathOf("base.safetensors"), [stacked]));
        NativeLibraries.EnsureLoaded();
        LayerSpectrum spectrum = LayerDecomposer.Decompose(adapter, adapter.Layers[0], default, LayerDevice.Processor);
        double[] scales = SubspaceScales.Compute([(spectrum, adapter)], checkpoint.Find(Layer)!, LayerDevice.Processor)[0];

        Tensor weight = Dense.Matrix(ScalarFloat.DecodeAll(type, stacked.Bytes), 3 * Rows, Columns).narrow(0, Rows, Rows);
        (Tensor left, Tensor values, Tensor right) = linalg.svd(WrittenLayer.Delta(adapter.File, adapter.Layers[0]), fullMatrices: false);
        double norm = linalg.svdvals(weight).max().item<double>();
        Assert.Equal(spectrum.SingularValues.Length, scales.Length);
        for (int index = 0; index < scales.Length; index++)
        {
            double singularValue = values[index].item<double>();
            double expected = left[.., index].matmul(weight).dot(right[index]).abs().item<double>();
            bool counts = singularValue >= 1e-4 * values[0].item<double>();
            Assert.True(
                !counts || Math.Abs(scales[index] - expected) <= 1e-5 * norm,
                $"Scale {index} is {scales[index]:g9}, not {expected:g9}, of a weight of norm {norm:g3}."
            );
        }

        return scales;
    }
}
