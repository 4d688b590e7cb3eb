using ResizeLora.Files;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Spectra;

/// <summary>Where a type's range would show in a layer, a power of two is moved between its factors; elsewhere nothing is.</summary>
public sealed class FactorEncoderTests
{
    [Theory]
    [InlineData(1e-4)]
    [InlineData(1)]
    [InlineData(1e6)]
    public void Factors_within_the_range_are_only_rounded(double singularValue)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor up, Tensor down) = Dense(48, 64, [singularValue, singularValue / 3, singularValue / 100]);
        double[] singularValues = [singularValue, singularValue / 3, singularValue / 100];
        FactorEncoding encoding = FactorEncoder.Encode(up, down, singularValues, singularValue, TensorType.Float16);
        Assert.Null(encoding.Error);
        Assert.Equal(up.to(ScalarType.Float16).bytes.ToArray(), encoding.Up);
        Assert.Equal(down.to(ScalarType.Float16).bytes.ToArray(), encoding.Down);
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e-7)]
    [InlineData(1e-8)]
    public void A_factor_of_few_numbers_gives_range_to_one_of_many(double singularValue)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor up, Tensor down) = Sparse(64, 4096, singularValue);
        FactorEncoding encoding = FactorEncoder.Encode(up, down, [singularValue], singularValue, TensorType.Float16);
        double even = ErrorOf(up.to(ScalarType.Float16), down.to(ScalarType.Float16), up, down) / singularValue;
        double written = ErrorOf(Read(encoding.Up, up), Read(encoding.Down, down), up, down) / singularValue;
        Assert.True(even > 2 * written, $"An even split is off by {even:g3}, the moved one by {written:g3}.");
        Assert.Equal(written > 1e-3, encoding.Error is not null);
        Assert.Equal(written, encoding.Error ?? written, 1e-6 + (1e-4 * written));
    }

    [Fact]
    public void A_factor_of_few_large_numbers_gives_range_to_the_other()
    {
        using DisposeScope scope = NewDisposeScope();
        const double SingularValue = 3e10;
        (Tensor up, Tensor down) = Sparse(64, 4096, SingularValue);
        Assert.Equal(double.PositiveInfinity, up.to(ScalarType.Float16).max().to(ScalarType.Float64).item<double>());
        FactorEncoding encoding = FactorEncoder.Encode(up, down, [SingularValue], SingularValue, TensorType.Float16);
        Assert.Null(encoding.Error);
        Assert.InRange(ErrorOf(Read(encoding.Up, up), Read(encoding.Down, down), up, down) / SingularValue, 0, 1e-3);
    }

    [Fact]
    public void Each_dimension_is_moved_by_itself()
    {
        // The first dimension is large in up alone, the second in down alone.
        using DisposeScope scope = NewDisposeScope();
        (Tensor one, Tensor row) = Sparse(64, 4096, 3e10);
        (Tensor other, Tensor column) = Sparse(64, 4096, 1);
        Tensor up = cat([one, other.flip(0) * 1e-3], 1);
        Tensor down = cat([row, column.roll(1, 1) * 1e-3], 0);
        FactorEncoding encoding = FactorEncoder.Encode(up, down, [3e10, 1e-6], 3e10, TensorType.Float16);
        Tensor written = Read(encoding.Up, up);
        Tensor rounded = up.to(ScalarType.Float16).to(ScalarType.Float64);
        Assert.Equal(double.PositiveInfinity, rounded[0, 0].item<double>());
        Assert.Equal(Math.ScaleB(up[0, 0].to(ScalarType.Float64).item<double>(), -2), written[0, 0].item<double>(), 32.0);
        Assert.Equal(rounded[63, 1].item<double>(), written[63, 1].item<double>());
    }

    [Fact]
    public void A_layer_that_is_all_zero_has_no_error()
    {
        using DisposeScope scope = NewDisposeScope();
        FactorEncoding encoding = FactorEncoder.Encode(zeros(6, 1), zeros(1, 4), [0], 0, TensorType.Float16);
        Assert.Null(encoding.Error);
        Assert.All(encoding.Up, static value => Assert.Equal(0, value));
    }

    // Orthogonal vectors of √σ each, with all their numbers alike in size.
    private static (Tensor Up, Tensor Down) Dense(int rows, int columns, double[] singularValues)
    {
        Tensor roots = tensor(singularValues).sqrt();
        var gaussian = new Gaussian(3);
        Tensor Basis(int length) =>
            linalg.qr(tensor(gaussian.Numbers(length * singularValues.Length, 1)).reshape(length, singularValues.Length)).Q;
        Tensor up = (Basis(rows) * roots).to(ScalarType.Float32).contiguous();
        return (up, (Basis(columns) * roots).t().to(ScalarType.Float32).contiguous());
    }

    // One dimension: up holds a single number, down as many as it has columns.
    private static (Tensor Up, Tensor Down) Sparse(int rows, int columns, double singularValue)
    {
        Tensor up = zeros([rows, 1], ScalarType.Float32);
        up[0, 0] = (float)Math.Sqrt(singularValue);
        Tensor signs = tensor(new Gaussian(5).Numbers(columns, 1)).reshape(1, columns);
        return (up, (signs / linalg.norm(signs) * Math.Sqrt(singularValue)).to(ScalarType.Float32));
    }

    private static Tensor Read(byte[] bytes, Tensor like) =>
        Tests.Dense.Matrix(ScalarFloat.DecodeAll(TensorType.Float16, bytes), like.shape[0], like.shape[1]);

    private static double ErrorOf(Tensor up, Tensor down, Tensor exactUp, Tensor exactDown) =>
        WrittenLayer.Norm(Product(up, down) - Product(exactUp, exactDown));

    private static Tensor Product(Tensor up, Tensor down) => up.to(ScalarType.Float64).matmul(down.to(ScalarType.Float64));
}
