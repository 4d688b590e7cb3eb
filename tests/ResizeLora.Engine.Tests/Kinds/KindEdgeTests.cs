using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>What is hard on a kind: factors that are zero or dependent, NaN, and alpha of every sort.</summary>
public sealed class KindEdgeTests
{
    private const string Layer = KindFile.Layer + "0";
    private const string SoundLayer = "lora_unet_sound";
    private const string Everything = "rank=100000";

    /// <summary>The kinds whose ΔW needs no base weight.</summary>
    public static TheoryData<string> Kinds => [.. KindTensors.Own];

    // None, zero, negative, huge, tiny, of every type, and as a vector of one number.
    private static readonly (double? Value, TensorType Type, bool IsVector)[] Alphas =
    [
        (null, TensorType.Float32, false),
        (0, TensorType.Float32, false),
        (-3, TensorType.Float32, false),
        (1e9, TensorType.Float32, false),
        (1e-9, TensorType.Float32, false),
        (0.7, TensorType.Float16, false),
        (0.7, TensorType.BFloat16, true),
        (4, TensorType.Float32, true),
        (4, TensorType.Float64, false),
    ];

    /// <summary>A half that is not factored does not know alpha.</summary>
    public static TheoryData<double, TensorType> IgnoredAlphas =>
        new()
        {
            { 9_999_999_999, TensorType.Float32 },
            { 9_999_999_999, TensorType.BFloat16 },
            { double.PositiveInfinity, TensorType.Float16 },
            { double.NegativeInfinity, TensorType.Float32 },
            { double.NaN, TensorType.Float32 },
            { 0, TensorType.Float32 },
        };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Alpha_of_every_sort_is_in_the_scale(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(
            KindFile
                .Layers(kind, seed: 21, count: Alphas.Length, alphaOf: static _ => null)
                .SelectMany(
                    static (layer, index) =>
                        Alphas[index] is (double number, var type, var isVector)
                            ? [.. layer.Tensors, SampleTensor.Of($"{layer.Name}.alpha", type, isVector ? [1] : [], [number])]
                            : layer.Tensors
                )
        );
        Assert.Equal(Alphas.Length, scene.Job.Layers.Count);
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            double expected = WrittenLayer.Norm(PlainKinds.ChangeOf(scene.PartsOf(layer.Layer))!);
            Assert.Equal(expected, layer.FrobeniusNorm, 1e-5 * expected);
        }

        AssertResized(scene, Everything, OutputKind.LoRA);
        AssertResized(scene, "rank=1", OutputKind.LoRA);
        AssertResized(scene, "rank=2", OutputKind.Smallest);
        AssertResized(scene, "rank=1", OutputKind.Same);
    }

    [Theory]
    [MemberData(nameof(IgnoredAlphas))]
    public void Alpha_of_a_LoKr_of_two_whole_halves_says_nothing(double alpha, TensorType type)
    {
        using DisposeScope scope = NewDisposeScope();
        SampleTensor[] factors =
        [
            .. KindFile.Layers(KindTensors.LoKr, seed: 23, count: 4, alphaOf: static _ => null).SelectMany(static layer => layer.Tensors),
        ];
        using var plain = new KindScene(factors);
        using var scene = new KindScene([
            .. factors,
            .. Enumerable.Range(0, 4).Select(index => SampleTensor.Scalar($"{KindFile.Layer}{index}.alpha", alpha, type)),
        ]);
        Assert.Equal(
            plain.Job.Layers.Select(static layer => layer.SingularValues),
            scene.Job.Layers.Select(static layer => layer.SingularValues)
        );
        AssertResized(scene, "rank=2", OutputKind.LoRA);
        AssertResized(scene, "rank=1", OutputKind.Same);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_factor_of_zeros_makes_a_layer_of_zeros(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.Layers(kind, seed: 25, count: 4);
        using var scene = new KindScene([
            .. layers.SelectMany(static layer => Changed(layer.Tensors, static bytes => Array.Clear(bytes))),
            .. Sound(),
        ]);
        Assert.All(scene.Job.Layers.Where(static layer => layer.Layer != SoundLayer), static layer => Assert.Equal(0, layer.FrobeniusNorm));
        AssertResized(scene, "rank=1", OutputKind.LoRA);
        AssertResized(scene, Everything, OutputKind.Smallest);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Dependent_rows_of_a_factor_leave_fewer_dimensions(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.Layers(kind, seed: 27, count: 6);
        using var scene = new KindScene(layers.SelectMany(static layer => Changed(layer.Tensors, Repeat)));
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            double[] expected = Dense.ToArray(linalg.svdvals(PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(layer.Layer))!)));
            for (int index = 0; index < Math.Min(expected.Length, layer.SingularValues.Length); index++)
            {
                Assert.Equal(expected[index], layer.SingularValues[index], 1e-4 * Math.Max(expected[index], 2e-2 * expected[0]));
            }
        }

        AssertResized(scene, "rank=1", OutputKind.LoRA);
        AssertResized(scene, Everything, OutputKind.LoRA);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NaN_in_any_tensor_is_an_error_that_names_the_layer(string kind)
    {
        (_, _, SampleTensor[] tensors) = KindFile.Layers(kind, seed: 29, count: 1)[0];
        foreach (SampleTensor spoiled in tensors.Where(static tensor => tensor.Name.Split('.')[^1] is not ("alpha" or "dora_scale")))
        {
            double[] numbers = ScalarFloat.DecodeAll(spoiled.Type, spoiled.Bytes);
            numbers[^1] = double.NaN;
            AdapterException exception = Assert.Throws<AdapterException>(() =>
                new KindScene(
                    tensors.Select(tensor => tensor == spoiled ? SampleTensor.Of(tensor.Name, tensor.Type, tensor.Shape, numbers) : tensor)
                )
            );
            Assert.Equal("NotFinite", exception.Defect);
            Assert.Contains(Layer, exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NaN_in_alpha_is_an_error_that_names_the_layer_unless_nothing_asks_for_it(string kind)
    {
        SampleTensor[] tensors = KindFile.Layers(kind, seed: 31, count: 1, alphaOf: static _ => double.NaN)[0].Tensors;
        if (kind == KindTensors.LoKr)
        {
            using var scene = new KindScene(tensors);
            Assert.Single(scene.Job.Layers);
            return;
        }

        AdapterException exception = Assert.Throws<AdapterException>(() => new KindScene(tensors));
        Assert.Contains(Layer, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6, 40, 40)]
    [InlineData(7, 48, 20)]
    [InlineData(7, 20, 64)]
    [InlineData(12, 30, 30)]
    public void LoHa_of_a_squared_rank_below_and_above_the_sides_is_exact(int rank, int output, int input)
    {
        using DisposeScope scope = NewDisposeScope();
        var gaussian = new Gaussian(rank);
        using var scene = new KindScene(
            KindTensors
                .Of(KindTensors.LoHa, [output, input], rank)
                .Select(factor =>
                    SampleTensor.Of(
                        Layer + factor.Ending,
                        TensorType.Float32,
                        factor.Shape,
                        gaussian.Numbers((int)(factor.Shape[0] * factor.Shape[1]), 0.5)
                    )
                )
        );
        double[] expected = Dense.ToArray(linalg.svdvals(PlainKinds.ChangeOf(scene.PartsOf(Layer))!));
        double[] found = Assert.Single(scene.Job.Layers).SingularValues;
        Assert.Equal(Math.Min(rank * rank, Math.Min(output, input)), found.Length);
        Assert.All(expected.Zip(found), static pair => Assert.Equal(pair.First, pair.Second, 1e-4 * pair.First));
        AssertResized(scene, "rank=5", OutputKind.LoRA);
        AssertResized(scene, Everything, OutputKind.LoRA);
    }

    // One layer that is not zero, so that there is something to write.
    private static IEnumerable<SampleTensor> Sound()
    {
        var gaussian = new Gaussian(2);
        yield return SampleTensor.Of($"{SoundLayer}.lora_down.weight", TensorType.Float32, [2, 5], gaussian.Numbers(10));
        yield return SampleTensor.Of($"{SoundLayer}.lora_up.weight", TensorType.Float32, [6, 2], gaussian.Numbers(12));
    }

    // The first factor with two dimensions or more is changed in place.
    private static SampleTensor[] Changed(SampleTensor[] tensors, Action<byte[]> change)
    {
        SampleTensor first = tensors.First(static tensor => tensor.Shape.Length >= 2);
        byte[] bytes = [.. first.Bytes];
        change(bytes);
        return [.. tensors.Select(tensor => tensor == first ? tensor with { Bytes = bytes } : tensor)];
    }

    // All numbers become those of the first half.
    private static void Repeat(byte[] bytes)
    {
        int half = bytes.Length / sizeof(float) / 2 * sizeof(float);
        bytes.AsSpan(0, half).CopyTo(bytes.AsSpan(half, half));
    }

    private static void AssertResized(KindScene scene, string recipe, OutputKind kind)
    {
        using KindOutput output = scene.Resize(recipe, kind);
        foreach (LayerResult layer in output.Layers.Where(static layer => layer.NewRank > 0))
        {
            double error = PlainKinds.ErrorOf(scene.PartsOf(layer.Layer), output.PartsOf(layer.Layer), layer.NewRank);
            Assert.True(error <= 1e-5, $"{layer}, {recipe}: off by {error:g3} of its size.");
        }
    }
}
