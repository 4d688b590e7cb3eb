using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Comparison;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Tests.Resizing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Comparison;

/// <summary>Errors and cosines are those of the differences formed in double precision, down to the rounding of the files.</summary>
public sealed class LoraComparerTests : IDisposable
{
    private const string Layer = ResizeScene.Linear;

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Families =>
        [
            "unrelated",
            "other rank",
            "factors of other shapes",
            "scaled",
            "reversed",
            "perturbed 1e-3",
            "perturbed 1e-5",
            "perturbed 1e-7",
            "perturbed 1e-9",
        ];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void Error_and_cosine_are_those_of_float64(string family)
    {
        foreach ((int rows, int columns, int rank) in ((int, int, int)[])[(40, 32, 8), (300, 200, 32), (24, 500, 20), (10, 12, 16)])
        {
            var gaussian = new Gaussian(rows + rank);
            double[] up = gaussian.Numbers(rows * rank);
            double[] down = gaussian.Numbers(rank * columns, 0.1);
            (double[] otherUp, double[] otherDown, int otherRank, double otherAlpha) = Other(
                family,
                gaussian,
                up,
                down,
                rows,
                columns,
                rank
            );
            string first = Write("first", up, down, rows, columns, rank, 4);
            string second = Write("second", otherUp, otherDown, rows, columns, otherRank, otherAlpha);
            AssertIsFloat64(Compare(first, second), first, second);
        }
    }

    [Theory]
    [InlineData(TensorType.Float16, 5e-5, 1e-3)]
    [InlineData(TensorType.BFloat16, 5e-4, 1e-2)]
    [InlineData(TensorType.Float32, 1e-9, 1e-7)]
    public void The_rounding_of_a_type_is_seen(TensorType type, double lowest, double highest)
    {
        string exact = new SampleLora(3).Layer(Layer, 60, 80, 12, type: TensorType.Float64).Write(folder.PathOf("exact.safetensors"));
        string rounded = new SampleLora(3).Layer(Layer, 60, 80, 12, type: type).Write(folder.PathOf("rounded.safetensors"));
        LoraComparison comparison = Compare(exact, rounded);
        Assert.InRange(comparison.RelativeErrorToLora, lowest, highest);
        AssertIsFloat64(comparison, exact, rounded);
    }

    [Fact]
    public void Files_that_say_the_same_in_other_ways_are_equal_but_for_rounding()
    {
        var gaussian = new Gaussian(5);
        double[] up = gaussian.Numbers(40 * 8);
        double[] down = gaussian.Numbers(8 * 30);

        // The dimensions in reverse order, the strength moved from alpha to a factor and another one between the factors.
        double[] otherUp = Enumerable.Range(0, up.Length).Select(index => up[(index / 8 * 8) + 7 - (index % 8)] * 3).ToArray();
        double[] otherDown = Enumerable.Range(0, down.Length).Select(index => down[((7 - (index / 30)) * 30) + (index % 30)] / 6).ToArray();
        LoraComparison comparison = Compare(
            Write("first", up, down, 40, 30, 8, alpha: 8, TensorType.Float64),
            Write("second", otherUp, otherDown, 40, 30, 8, alpha: 16, TensorType.Float64)
        );
        Assert.InRange(comparison.RelativeErrorToLora, 0, 1e-14);
        Assert.Equal(1, comparison.Cosine, 1e-14);
    }

    [Fact]
    public void A_file_is_at_no_distance_from_itself()
    {
        string path = ResizeScene.UsualLora().Write(folder.PathOf("lora.safetensors"));
        LoraComparison comparison = Compare(path, path);
        Assert.Equal(0, comparison.RelativeErrorToLora);
        Assert.Equal(1, comparison.Cosine);
        Assert.All(comparison.Layers, static layer => Assert.Equal(0, layer.Distance));
        Assert.True(comparison.ReferenceNorm > 0);
        Assert.Equal(comparison.ReferenceNorm, comparison.OtherNorm);
    }

    [Fact]
    public void The_norm_of_a_layer_whose_factors_cancel_is_that_of_its_product()
    {
        // Two dimensions of size 1e6 that cancel but for 1e-3: their squares agree to the last digit of double precision.
        double[] up = [1e6, 1e6, 0, 1e-3, 0, 0];
        double[] down = [1, 0, 0, 0, -1, 0, 0, 0];
        string first = Write("first", up, down, 3, 4, 2, alpha: 2, TensorType.Float64);
        LoraComparison comparison = Compare(first, Write("second", [1, 0, 0], [1, 0, 0, 0], 3, 4, 1, alpha: 1, TensorType.Float64));
        Assert.Equal(1e-3, comparison.ReferenceNorm, 1e-9);
        Assert.Equal(Math.Sqrt(1 + 1e-6), comparison.Distance, 1e-9);
    }

    [Fact]
    public void Layers_of_one_file_only_count_in_full_and_are_named()
    {
        string first = new SampleLora(1)
            .Layer("lora_unet_a", 20, 16, 4)
            .Layer("lora_unet_b", 20, 16, 4)
            .Write(folder.PathOf("first.safetensors"));
        string second = new SampleLora(1)
            .Layer("lora_unet_a", 20, 16, 4)
            .Layer("lora_unet_c", 20, 16, 4)
            .Write(folder.PathOf("second.safetensors"));
        LoraComparison comparison = Compare(first, second);
        Assert.Equal(["lora_unet_b"], comparison.OnlyInReference);
        Assert.Equal(["lora_unet_c"], comparison.OnlyInOther);
        Assert.Equal(["lora_unet_a", "lora_unet_b", "lora_unet_c"], comparison.Layers.Select(static layer => layer.Layer));
        Assert.Equal([0, 1, double.PositiveInfinity], comparison.Layers.Select(static layer => layer.RelativeErrorToLora));
        Assert.Equal([1, 0, 0], comparison.Layers.Select(static layer => layer.Cosine));
        double lost = comparison.Layers[1].ReferenceNorm;
        double added = comparison.Layers[2].OtherNorm;
        Assert.Equal(Math.Sqrt((lost * lost) + (added * added)) / comparison.ReferenceNorm, comparison.RelativeErrorToLora, 1e-12);
    }

    [Fact]
    public void Layers_that_are_all_zero_are_compared_like_any_other()
    {
        string Zero(string name, double alpha) => new SampleLora(1).Layer(Layer, 20, 16, 4, alpha).Write(folder.PathOf(name));
        LoraComparison both = Compare(Zero("first", 0), Zero("second", 0));
        Assert.Equal((0, 1), (both.RelativeErrorToLora, both.Cosine));
        LoraComparison one = Compare(Zero("first", 4), Zero("second", 0));
        Assert.Equal((1, 0), (one.RelativeErrorToLora, one.Cosine));
        LoraComparison other = Compare(Zero("first", 0), Zero("second", 4));
        Assert.Equal((double.PositiveInfinity, 0), (other.RelativeErrorToLora, other.Cosine));
    }

    [Fact]
    public void A_convolution_and_a_matrix_of_the_same_weight_are_one_layer()
    {
        string convolution = new SampleLora(1).Layer(Layer, 20, 16, 4, kernel: 1).Write(folder.PathOf("first.safetensors"));
        string matrix = new SampleLora(1).Layer(Layer, 20, 16, 4).Write(folder.PathOf("second.safetensors"));
        Assert.Equal(0, Compare(convolution, matrix).RelativeErrorToLora);
    }

    [Fact]
    public void Layers_in_the_words_of_diffusers_are_paired_with_those_in_Stabilitys()
    {
        string stability = new SampleLora(1)
            .Layer("lora_unet_input_blocks_4_1_proj_in", 20, 16, 4)
            .Layer("lora_unet_output_blocks_2_2_conv", 20, 16, 4, kernel: 3)
            .Write(folder.PathOf("first.safetensors"));
        string diffusers = new SampleLora(1)
            .Layer("lora_unet_down_blocks_1_attentions_0_proj_in", 20, 16, 4)
            .Layer("lora_unet_up_blocks_0_upsamplers_0_conv", 20, 16, 4, kernel: 3)
            .Write(folder.PathOf("second.safetensors"));
        Assert.Equal(0, Compare(stability, diffusers).RelativeErrorToLora);
    }

    [Theory]
    [InlineData(3, 4, 60_000, 1)]
    [InlineData(3, 4, 1, 60_000)]
    [InlineData(5, 3, 30_000, 30_000)]
    [InlineData(4, 6, 4, 3)]
    public void Ranks_far_above_both_sides_are_compared_like_any_other(int rows, int columns, int rank, int otherRank)
    {
        string first = new SampleLora(1).Layer(Layer, rows, columns, rank).Write(folder.PathOf("first.safetensors"));
        string second = new SampleLora(2).Layer(Layer, rows, columns, otherRank).Write(folder.PathOf("second.safetensors"));
        AssertIsFloat64(Compare(first, second), first, second);
        Assert.Equal(0, Compare(first, first).RelativeErrorToLora);
    }

    [Theory]
    [InlineData(1e-40, 1e-40)]
    [InlineData(1e-13, 1e-13)]
    [InlineData(1e-30, 1e30)]
    [InlineData(1e20, 1e20)]
    [InlineData(1e37, 1e37)]
    public void Factors_of_every_magnitude_are_compared_like_any_other(double upSize, double downSize)
    {
        var gaussian = new Gaussian(6);
        double[] up = gaussian.Numbers(30 * 4, upSize);
        double[] down = gaussian.Numbers(4 * 20, downSize);
        string first = Write("first", up, down, 30, 20, 4, alpha: 2, TensorType.Float32);
        string second = Write("second", gaussian.Numbers(30 * 4, upSize), down, 30, 20, 4, alpha: 2, TensorType.Float32);
        AssertIsFloat64(Compare(first, second), first, second);
    }

    [Fact]
    public void Numbers_whose_products_leave_the_range_of_doubles_are_not_called_NaN()
    {
        string good = Write("good", [1, 1], [1, 1], 2, 2, 1, 1);
        string large = Write("large", [1e200, 1], [1e200, 1], 2, 2, 1, 1);
        AdapterException exception = Assert.Throws<AdapterException>(() => Compare(good, large));
        Assert.Equal(("LayerOutOfRange", large), (exception.ErrorId, exception.Path));
        Assert.DoesNotContain("NaN", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wide_and_a_tall_kernel_are_not_one_layer()
    {
        double[] up = new Gaussian(1).Numbers(8 * 2);
        double[] down = new Gaussian(2).Numbers(2 * 4 * 3);
        string Kernel(string name, int height, int width) =>
            new SampleLora().Layer(Layer, up, [8, 2, 1, 1], down, [2, 4, height, width], 2, TensorType.Float32).Write(folder.PathOf(name));
        AdapterException exception = Assert.Throws<AdapterException>(() => Compare(Kernel("wide", 1, 3), Kernel("tall", 3, 1)));
        Assert.Equal("LayerShapeMismatch", exception.ErrorId);
        Assert.Contains("[8, 4, 3, 1]", exception.Message, StringComparison.Ordinal);
        Assert.Contains("[8, 4, 1, 3]", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, Compare(Kernel("wide", 1, 3), Kernel("same", 1, 3)).RelativeErrorToLora);
    }

    [Fact]
    public void Layers_of_other_shapes_are_refused_by_name()
    {
        string first = new SampleLora(1).Layer(Layer, 20, 16, 4).Write(folder.PathOf("first.safetensors"));
        string second = new SampleLora(1).Layer(Layer, 20, 32, 4).Write(folder.PathOf("second.safetensors"));
        AdapterException exception = Assert.Throws<AdapterException>(() => Compare(first, second));
        Assert.Equal("LayerShapeMismatch", exception.ErrorId);
        Assert.Equal(Layer, exception.Layer);
    }

    [Fact]
    public void NaN_is_refused_with_the_file_that_holds_it()
    {
        string good = Write("good", [1, 1], [1, 1], 2, 2, 1, 1);
        string bad = Write("bad", [1, double.NaN], [1, 1], 2, 2, 1, 1);
        Assert.Equal(bad, Assert.Throws<AdapterException>(() => Compare(good, bad)).Path);
        Assert.Equal(bad, Assert.Throws<AdapterException>(() => Compare(bad, good)).Path);
    }

    [Fact]
    public void Tensors_outside_the_layers_are_named_where_they_differ()
    {
        string With(string name, double value) =>
            new SampleLora(1)
                .Layer(Layer, 20, 16, 4)
                .Tensor(SampleTensor.Of("same.dora_scale", TensorType.Float32, [2], [1.0, 2]))
                .Tensor(SampleTensor.Of("other.dora_scale", TensorType.Float32, [2], [1.0, value]))
                .Write(folder.PathOf(name));
        var log = new EventLog();
        Assert.Equal(["other.dora_scale"], Compare(With("first", 1), With("second", 2), log: log).TensorsNotCompared);
        Assert.Contains("other.dora_scale", Assert.Single(log.Warnings), StringComparison.Ordinal);
        Assert.Empty(Compare(With("first", 1), With("second", 1)).TensorsNotCompared);
    }

    [Theory]
    [InlineData("spn_lora=1,thr=-0.7")]
    [InlineData("fro_ckpt=1,thr=-1.5")]
    [InlineData("spn_lora=1,thr=-6")]
    public void A_resized_file_is_as_far_from_its_source_as_its_plan_says(string recipe)
    {
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize(recipe, TensorType.Float32);
        using (output)
        {
            LoraComparison comparison = Compare(scene.LoraPath, output.Path, scene.Session);
            Assert.Equal(plan.Measurement.RelativeErrorToLora, comparison.RelativeErrorToLora, 1e-6);
            Assert.Equal(plan.Measurement.RelativeErrorToBase!.Value, comparison.RelativeErrorToBase!.Value, 1e-6);
            foreach (LayerPlan layer in plan.Layers)
            {
                LayerComparison compared = comparison.Layers.Single(other => other.Layer == layer.Result.Layer);
                Assert.Equal(layer.Result.RelativeErrorToLora, compared.RelativeErrorToLora, 1e-6);
                Assert.Equal(layer.Result.RelativeErrorToBase!.Value, compared.RelativeErrorToBase!.Value, 1e-6);
                Assert.Equal((layer.Result.OldRank, layer.Result.NewRank), (compared.ReferenceRank, compared.OtherRank));
                Assert.Equal(Math.Sqrt(1 - (layer.Result.RelativeErrorToLora * layer.Result.RelativeErrorToLora)), compared.Cosine, 1e-6);
            }
        }
    }

    private static (double[] Up, double[] Down, int Rank, double Alpha) Other(
        string family,
        Gaussian gaussian,
        double[] up,
        double[] down,
        int rows,
        int columns,
        int rank
    )
    {
        double[] Perturbed(double[] values, double size) => Array.ConvertAll(values, value => value * (1 + (size * gaussian.Next())));
        return family switch
        {
            "unrelated" => (gaussian.Numbers(up.Length), gaussian.Numbers(down.Length), rank, 2),
            "other rank" => (gaussian.Numbers(rows * 3), gaussian.Numbers(3 * columns), 3, 3),
            "factors of other shapes" => (gaussian.Numbers(rows * 2 * rank), gaussian.Numbers(2 * rank * columns), 2 * rank, 1),
            "scaled" => (up, down, rank, 5),
            "reversed" => (up, down, rank, -4),
            _ => (Perturbed(up, double.Parse(family.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)), down, rank, 4),
        };
    }

    private string Write(
        string name,
        double[] up,
        double[] down,
        int rows,
        int columns,
        int rank,
        double alpha,
        TensorType type = TensorType.Float64
    ) => new SampleLora().Layer(Layer, up, [rows, rank], down, [rank, columns], alpha, type).Write(folder.PathOf($"{name}.safetensors"));

    private LoraComparison Compare(string first, string second, ResizeSession? session = null, EventLog? log = null)
    {
        using ResizeSession? own = session is null ? new ResizeSession("cpu", [], new NormCache(folder.PathOf("cache"))) : null;
        using var comparer = new LoraComparer(session ?? own!, first);
        using Adapter difference = Adapter.Open(second);
        return comparer.Compare(difference, layerNames: null, log, CancellationToken.None);
    }

    // ΔW of both files is formed, and subtracted, in double precision.
    private static void AssertIsFloat64(LoraComparison actual, string first, string second)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor left, double leftSize) = Form(first);
        (Tensor right, double rightSize) = Form(second);
        double norm = left.square().sum().sqrt().item<double>();
        double distance = left.sub(right).square().sum().sqrt().item<double>();
        double otherNorm = right.square().sum().sqrt().item<double>();

        // What double precision itself leaves of the factors' sizes, beyond a part in a hundred thousand.
        double tolerance = (1e-5 * distance / norm) + (1e-14 * (leftSize + rightSize) / norm);
        Assert.Equal(distance / norm, actual.RelativeErrorToLora, tolerance);
        Assert.Equal(left.mul(right).sum().item<double>() / (norm * otherNorm), actual.Cosine, 1e-10);
        Assert.Equal(norm, actual.ReferenceNorm, 1e-5 * norm);
        Assert.Equal(otherNorm, actual.OtherNorm, 1e-5 * otherNorm);
    }

    private static (Tensor Product, double Size) Form(string path)
    {
        using Adapter adapter = Adapter.Open(path);
        AdapterLayer layer = adapter.Layers.Single();
        Tensor up = TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float64, ComputeDevice.Processor);
        Tensor down = TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float64, ComputeDevice.Processor);
        double size = Math.Abs(layer.Scale) * up.square().sum().sqrt().item<double>() * down.square().sum().sqrt().item<double>();
        return (up.matmul(down).mul(layer.Scale), size);
    }
}
