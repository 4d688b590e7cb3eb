using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Spectra;

/// <summary>Singular values and truncations of a layer are those of its ΔW in double precision, though ΔW is never formed.</summary>
public sealed class SpectrumAccuracyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Families => [.. LayerFamilies.Names];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void Singular_values_are_within_a_ten_thousandth(string family) =>
        ForEachLayer(
            family,
            (adapter, spectrum) =>
            {
                AdapterLayer layer = spectrum.Source;
                double[] expected = Dense.ToArray(linalg.svdvals(WrittenLayer.Delta(adapter.File, layer)));
                double[] found = spectrum.SingularValues;
                Assert.Equal(Math.Min(layer.Rank, Math.Min(layer.OutFeatures, layer.InFeatures)), found.Length);
                Assert.Equal(found.OrderDescending(), found);
                Assert.All(found, static value => Assert.True(value >= 0));
                for (int index = 0; index < found.Length; index++)
                {
                    double tolerance = expected[index] >= 1e-4 * expected[0] ? 1e-4 * expected[index] : 1e-6 * expected[0];
                    Assert.True(
                        Math.Abs(found[index] - expected[index]) <= tolerance,
                        $"{family} {layer.Name}: σ{index} is {found[index]:g9}, not {expected[index]:g9}, of σ0 {expected[0]:g9}."
                    );
                }

                double norm = Math.Sqrt(expected.Sum(static value => value * value));
                Assert.Equal(norm, spectrum.FrobeniusNorm, 1e-5 * norm);
            }
        );

    [Theory]
    [MemberData(nameof(Families))]
    public void The_product_of_the_written_factors_is_the_truncated_layer(string family)
    {
        var random = new Random(17);
        ForEachLayer(
            family,
            (adapter, spectrum) =>
            {
                AdapterLayer layer = spectrum.Source;
                int count = spectrum.SingularValues.Length;
                Tensor delta = WrittenLayer.Delta(adapter.File, layer);
                int[][] subsets =
                [
                    [0],
                    Enumerable.Range(0, count).ToArray(),
                    Enumerable.Range(0, (count + 1) / 2).ToArray(),
                    Enumerable.Range(0, count).Where(_ => random.Next(2) == 0).DefaultIfEmpty(count - 1).ToArray(),
                ];
                foreach (
                    int[] kept in subsets
                        .Select(subset => subset.Where(dimension => IsSeparate(spectrum.SingularValues, subset, dimension)).ToArray())
                        .Where(static subset => subset.Length > 0)
                )
                {
                    (byte[] up, byte[] down, _) = LayerTruncation.Compute(
                        spectrum,
                        adapter,
                        kept,
                        gain: 1,
                        TensorType.Float32,
                        LayerDevice.Processor
                    );
                    Tensor product = Dense
                        .Matrix(ScalarFloat.DecodeAll(TensorType.Float32, up), layer.OutFeatures, kept.Length)
                        .matmul(Dense.Matrix(ScalarFloat.DecodeAll(TensorType.Float32, down), kept.Length, layer.InFeatures))
                        .mul(layer.Scale);
                    double error = WrittenLayer.Norm(product - WrittenLayer.Truncate(delta, kept));
                    Assert.True(
                        error <= 1e-5 * WrittenLayer.Norm(delta),
                        $"{family} {layer.Name}: {kept.Length} of {count} dimensions are off by {error / WrittenLayer.Norm(delta):g3}."
                    );
                }
            }
        );
    }

    [Theory]
    [InlineData(1e-42, 1)]
    [InlineData(1e-30, 1e-30)]
    [InlineData(1e-13, 1e-13)]
    [InlineData(1e-37, 1e37)]
    [InlineData(1e37, 1e-37)]
    [InlineData(1e20, 1e-3)]
    [InlineData(1e18, 1e18)]
    public void Factors_of_every_magnitude_are_decomposed_and_written_like_any_other(double upSize, double downSize)
    {
        using DisposeScope scope = NewDisposeScope();
        var gaussian = new Gaussian(4);
        string path = new SampleLora()
            .Layer("lora_unet_a", gaussian.Numbers(40 * 6, upSize), [40, 6], gaussian.Numbers(6 * 30, downSize), [6, 30], alpha: 6)
            .Write(folder.PathOf("magnitude.safetensors"));
        using var adapter = Adapter.Open(path);
        AdapterLayer layer = adapter.Layers[0];
        LayerSpectrum spectrum = LayerDecomposer.Decompose(
            adapter,
            layer,
            default,
            LayerDevice.Processor,
            cancellationToken: TestContext.Current.CancellationToken
        );
        Tensor delta = WrittenLayer.Delta(adapter.File, layer);
        double[] expected = Dense.ToArray(linalg.svdvals(delta))[..6];
        Assert.All(expected.Zip(spectrum.SingularValues), static pair => Assert.Equal(1, pair.Second / pair.First, 1e-4));
        (byte[] up, byte[] down, _) = LayerTruncation.Compute(
            spectrum,
            adapter,
            [0, 1, 2],
            gain: 2,
            TensorType.Float32,
            LayerDevice.Processor
        );
        Tensor product = Dense
            .Matrix(ScalarFloat.DecodeAll(TensorType.Float32, up), 40, 3)
            .matmul(Dense.Matrix(ScalarFloat.DecodeAll(TensorType.Float32, down), 3, 30))
            .div(2);
        Assert.InRange(WrittenLayer.Norm(product - WrittenLayer.Truncate(delta, [0, 1, 2])) / WrittenLayer.Norm(delta), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_order_and_the_number_of_threads_change_no_bit(string family)
    {
        using var adapter = Adapter.Open(LayerFamilies.Write(family, folder.PathOf("threads.safetensors")));
        LayerSpectrum Decompose(AdapterLayer layer) => LayerDecomposer.Decompose(adapter, layer, default, LayerDevice.Processor);
        LayerSpectrum[] alone = adapter.Layers.Select(Decompose).ToArray();
        LayerSpectrum[] together = LayerWorkers.InOrder(adapter.Layers.Reverse(), 5, Decompose, CancellationToken.None).Reverse().ToArray();
        for (int index = 0; index < alone.Length; index++)
        {
            Assert.Equal(alone[index].SingularValues, together[index].SingularValues);
            LayerFactors Factors(LayerSpectrum spectrum) =>
                (LayerFactors)spectrum.DecompositionFrom(adapter, spectrum.SingularValues.Length, LayerDevice.Processor);
            Assert.Equal(Factors(alone[index]).Left.ToArray(), Factors(together[index]).Left.ToArray());
            Assert.Equal(Factors(alone[index]).Right.ToArray(), Factors(together[index]).Right.ToArray());
        }

        byte[] Truncate(LayerSpectrum spectrum)
        {
            (byte[] up, byte[] down, _) = LayerTruncation.Compute(spectrum, adapter, [0], 1, TensorType.Float32, LayerDevice.Processor);
            return [.. down, .. up];
        }

        Assert.Equal(alone.Select(Truncate), LayerWorkers.InOrder(together, 5, Truncate, CancellationToken.None));
    }

    // A cut between equal singular values has no one right answer; zero ones add nothing on either side.
    private static bool IsSeparate(double[] values, int[] subset, int dimension) =>
        !Enumerable
            .Range(0, values.Length)
            .Any(other =>
                !subset.Contains(other) && values[dimension] > 0 && Math.Abs(values[other] - values[dimension]) < 1e-6 * values[0]
            );

    private void ForEachLayer(string family, Action<Adapter, LayerSpectrum> check)
    {
        using var adapter = Adapter.Open(LayerFamilies.Write(family, folder.PathOf($"{family}.safetensors")));
        foreach (AdapterLayer layer in adapter.Layers)
        {
            using DisposeScope scope = NewDisposeScope();
            check(adapter, LayerDecomposer.Decompose(adapter, layer, default, LayerDevice.Processor));
        }
    }
}
