using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Tests.Spectra;

/// <summary>What a decomposed layer tells, and which layers are refused.</summary>
public sealed class LayerSpectrumTests : IDisposable
{
    private const string Layer = "lora_unet_input_blocks_4_1_proj_in";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_layer_tells_its_spectrum_and_where_it_comes_from()
    {
        // B·A = diag(6, 2) in the corner of 3 × 4; alpha/rank is 1/2.
        string path = new SampleLora()
            .Layer(Layer, [2, 0, 0, 1, 0, 0], [3, 2], [3, 0, 0, 0, 0, 2, 0, 0], [2, 4], alpha: 1)
            .Write(folder.PathOf("lora.safetensors"));
        LayerSpectrum spectrum = Decompose(path, new BaseNorms(10, 20), "base.safetensors");
        Assert.Equal(
            (path, Layer, Component.UNet, "input_blocks.4", LayerKind.Linear),
            (spectrum.Path, spectrum.Layer, spectrum.Component, spectrum.Block, spectrum.Kind)
        );
        Assert.Equal((3, 4, 2, 1.0), (spectrum.OutFeatures, spectrum.InFeatures, spectrum.Rank, spectrum.Alpha));
        Assert.Equal(3, spectrum.SingularValues[0], 1e-12);
        Assert.Equal(1, spectrum.SingularValues[1], 1e-12);
        Assert.Equal(spectrum.SingularValues[0], spectrum.SpectralNorm);
        Assert.Equal(Math.Sqrt(10), spectrum.FrobeniusNorm, 1e-12);
        Assert.Equal((10.0, 20.0), (spectrum.BaseSpectralNorm, spectrum.BaseFrobeniusNorm));

        // exp(−(3/4·ln(3/4) + 1/4·ln(1/4)))
        Assert.Equal(1.7547653506033237, spectrum.EffectiveRank, 1e-12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void The_effective_rank_of_equal_dimensions_is_their_number(int rank)
    {
        double[] identity = Enumerable.Range(0, rank * rank).Select(index => index / rank == index % rank ? 0.3 : 0).ToArray();
        Assert.Equal(
            rank,
            Decompose(
                new SampleLora().Layer(Layer, identity, [rank, rank], identity, [rank, rank]).Write(folder.PathOf("equal.safetensors"))
            ).EffectiveRank,
            1e-9
        );
    }

    [Fact]
    public void A_layer_of_zeros_is_an_ordinary_layer_whose_norms_are_zero()
    {
        LayerSpectrum spectrum = Decompose(
            new SampleLora()
                .Layer(Layer, new double[8], [4, 2], [1, 2, 3, 4, 5, 6], [2, 3], alpha: 1)
                .Write(folder.PathOf("zero.safetensors"))
        );
        Assert.Equal([0, 0], spectrum.SingularValues);
        Assert.Equal((0, 0, 0), (spectrum.SpectralNorm, spectrum.FrobeniusNorm, spectrum.EffectiveRank));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void An_alpha_of_zero_or_below_scales_the_spectrum_by_its_size(double alpha)
    {
        LayerSpectrum spectrum = Decompose(
            new SampleLora().Layer(Layer, [2.0], [1, 1], [4.0], [1, 1], alpha).Write(folder.PathOf("alpha.safetensors"))
        );
        Assert.Equal(Math.Abs(alpha) * 8, spectrum.SpectralNorm, 1e-12);
    }

    [Theory]
    [InlineData(double.NaN, true, "lora_up")]
    [InlineData(double.PositiveInfinity, true, "lora_up")]
    [InlineData(double.NaN, false, "lora_down")]
    [InlineData(double.NegativeInfinity, false, "lora_down")]
    public void A_layer_that_is_not_finite_is_an_error_that_names_it_and_the_tensor(double value, bool inUp, string tensor)
    {
        foreach (TensorType type in new[] { TensorType.Float16, TensorType.BFloat16, TensorType.Float32, TensorType.Float64 })
        {
            double[] up = [1, 2, inUp ? value : 3, 4];
            double[] down = [5, inUp ? 6 : value, 0, 8];
            string path = new SampleLora().Layer(Layer, up, [2, 2], down, [2, 2], 1, type).Write(folder.PathOf($"{type}.safetensors"));
            AdapterException exception = Assert.Throws<AdapterException>(() => Decompose(path));
            Assert.Equal(("NotFinite", Layer, path), (exception.Defect, exception.Layer, exception.Path));
            Assert.All(
                [path, Layer, tensor, "NaN or infinity"],
                word => Assert.Contains(word, exception.Message, StringComparison.Ordinal)
            );
            Assert.DoesNotContain(inUp ? "lora_down" : "lora_up", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_not_finite_number_is_found_where_the_other_factor_is_zero()
    {
        string path = new SampleLora()
            .Layer(Layer, new double[4], [2, 2], [1, double.NaN, 3, 4], [2, 2])
            .Write(folder.PathOf("hidden.safetensors"));
        Assert.Equal("NotFinite", Assert.Throws<AdapterException>(() => Decompose(path)).Defect);
    }

    [Theory]
    [InlineData(1e-30, 1e30)]
    [InlineData(1e100, 1e-100)]
    [InlineData(1e-120, 1e-120)]
    [InlineData(1e120, 1e120)]
    public void Numbers_of_any_size_are_decomposed_as_long_as_their_squares_are_numbers(double up, double down)
    {
        LayerSpectrum spectrum = Decompose(WriteExtreme(up, down));
        Assert.Equal(3 * (up * down), spectrum.SingularValues[0], 1e-12 * up * down);
        Assert.Equal(up * down, spectrum.SingularValues[1], 1e-12 * up * down);
        Assert.Equal(Math.Sqrt(10), spectrum.FrobeniusNorm / (up * down), 1e-12);
        Assert.Equal(0.9, spectrum.FirstQuarterEnergy, 1e-12);
    }

    [Theory]
    [InlineData(1e200, 1e-100, "lora_up")]
    [InlineData(1e-100, 1e200, "lora_down")]
    public void Numbers_too_large_to_be_squared_are_refused_and_said_to_be_so(double up, double down, string tensor)
    {
        AdapterException exception = Assert.Throws<AdapterException>(() => Decompose(WriteExtreme(up, down)));
        Assert.Equal("OutOfRange", exception.Defect);
        Assert.Contains($"{tensor} holds numbers too large to be squared", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", exception.Message, StringComparison.Ordinal);
    }

    private static LayerSpectrum Decompose(string path, BaseNorms? norms = null, string? checkpoint = null)
    {
        NativeLibraries.EnsureLoaded();
        using var adapter = Adapter.Open(path);
        return LayerDecomposer.Decompose(adapter, adapter.Layers[0], new LayerBase(null, norms, checkpoint), LayerDevice.Processor);
    }

    private string WriteExtreme(double up, double down) =>
        new SampleLora()
            .Layer(Layer, [3 * up, 0, 0, up], [2, 2], [down, 0, 0, down], [2, 2], null, TensorType.Float64)
            .Write(folder.PathOf("extreme.safetensors"));
}
