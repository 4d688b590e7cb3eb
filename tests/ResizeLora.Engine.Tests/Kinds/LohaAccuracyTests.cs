using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>LoHa of ranks as they are trained: decomposed by its two products, or by its factors where those do not suffice.</summary>
public sealed class LohaAccuracyTests
{
    private const string Layer = "lora_unet_layer";

    [Theory]
    [InlineData(280, 300, 16, 0)]
    [InlineData(300, 280, 16, 3)]
    [InlineData(520, 512, 16, 5)]
    [InlineData(1100, 1030, 32, 0)]
    public void It_is_decomposed_by_its_products_and_takes_single_precision(int rows, int columns, int rank, double decades)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(Tensors(rows, columns, rank, decades));
        LayerSpectrum layer = Assert.Single(scene.Job.Layers);
        LayerDecomposition found = layer.DecompositionFrom(scene.Adapter, layer.SingularValues.Length, LayerDevice.Processor);
        Assert.IsType<HadamardDecomposition>(found);
        long squared = (long)rank * rank;
        Assert.InRange(found.ByteLength, 1, (2 * squared * squared * sizeof(float)) + (4 * squared * sizeof(double)));
        AssertPromises(scene, layer, [1, rank, rank * 2]);
    }

    [Theory]
    [InlineData("equal")]
    [InlineData("dependent")]
    public void Where_columns_coincide_its_factors_are_decomposed(string what)
    {
        using DisposeScope scope = NewDisposeScope();
        SampleTensor[] tensors = Tensors(90, 80, 6, 0);
        if (what == "equal")
        {
            tensors[2] = tensors[2] with { Bytes = tensors[0].Bytes };
            tensors[3] = tensors[3] with { Bytes = tensors[1].Bytes };
        }
        else
        {
            // The last row is the first again.
            int row = tensors[1].Bytes.Length / 6;
            tensors[1] = tensors[1] with { Bytes = [.. tensors[1].Bytes[..(5 * row)], .. tensors[1].Bytes[..row]] };
        }

        using var scene = new KindScene(tensors);
        LayerSpectrum layer = Assert.Single(scene.Job.Layers);
        Assert.IsType<LayerFactors>(layer.DecompositionFrom(scene.Adapter, layer.SingularValues.Length, LayerDevice.Processor));
        AssertPromises(scene, layer, [1, 6, 12]);
    }

    [Fact]
    public void Of_a_product_of_zeros_all_singular_values_are_zero()
    {
        SampleTensor[] tensors = Tensors(40, 30, 4, 0);
        tensors[2] = tensors[2] with { Bytes = new byte[tensors[2].Bytes.Length] };
        using var scene = new KindScene(tensors);
        Assert.Equal(new double[16], Assert.Single(scene.Job.Layers).SingularValues);
    }

    private static void AssertPromises(KindScene scene, LayerSpectrum layer, int[] ranks)
    {
        Tensor change = PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(Layer))!);
        (Tensor left, Tensor values, Tensor right) = linalg.svd(change, fullMatrices: false);
        double[] expected = Dense.ToArray(values);
        for (int index = 0; index < layer.SingularValues.Length; index++)
        {
            double tolerance = expected[index] >= 1e-4 * expected[0] ? 1e-4 * expected[index] : 2e-6 * expected[0];
            Assert.Equal(expected[index], layer.SingularValues[index], tolerance);
        }

        double norm = WrittenLayer.Norm(change);
        foreach (int rank in ranks)
        {
            using KindOutput output = scene.Resize(FormattableString.Invariant($"rank={rank}"), OutputKind.LoRA);
            Tensor written = PlainKinds.Flat(PlainKinds.ChangeOf(output.PartsOf(Layer))!);
            Tensor best = left.narrow(1, 0, rank).mul(values.narrow(0, 0, rank)).matmul(right.narrow(0, 0, rank));
            Assert.InRange(WrittenLayer.Norm(written - best) / norm, 0, 1e-5);
        }
    }

    // The singular values of each factor's columns fall over some decades, and are mixed.
    private static SampleTensor[] Tensors(int rows, int columns, int rank, double decades)
    {
        var gaussian = new Gaussian(rows + rank);
        Tensor Random(int height, int width) => tensor(gaussian.Numbers(height * width), ScalarType.Float64).reshape(height, width);
        Tensor falling = tensor(
            Enumerable.Range(0, rank).Select(index => Math.Pow(10, -decades * index / (rank - 1))).ToArray(),
            ScalarType.Float64
        );
        SampleTensor Of(string suffix, Tensor matrix) =>
            SampleTensor.Of(Layer + suffix, TensorType.Float32, matrix.shape, Dense.ToArray(matrix));
        Tensor Up() => Random(rows, rank).mul(falling).matmul(linalg.qr(Random(rank, rank)).Q);
        return
        [
            Of(".hada_w1_a", Up()),
            Of(".hada_w1_b", Random(rank, columns)),
            Of(".hada_w2_a", Up()),
            Of(".hada_w2_b", Random(rank, columns)),
            SampleTensor.Scalar($"{Layer}.alpha", rank),
        ];
    }
}
