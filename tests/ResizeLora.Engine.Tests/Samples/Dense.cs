using ResizeLora.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests;

/// <summary>Dense matrices in double precision: what the engine's shorter ways must agree with.</summary>
internal static class Dense
{
    static Dense()
    {
        NativeLibraries.EnsureLoaded();
    }

    public static Tensor Matrix(double[] values, long rows, long columns) => tensor(values, ScalarType.Float64).reshape(rows, columns);

    public static double[] ToArray(Tensor matrix) => matrix.contiguous().data<double>().ToArray();

    public static (double Spectral, double Frobenius) Norms(double[] values, long rows, long columns)
    {
        using DisposeScope scope = NewDisposeScope();

        // Near 1, where no square leaves the range of doubles.
        double largest = values.Max(Math.Abs);
        double size = largest == 0 ? 1 : largest;
        Tensor matrix = Matrix(Array.ConvertAll(values, value => value / size), rows, columns);
        return (size * linalg.svdvals(matrix).max().item<double>(), size * linalg.norm(matrix).item<double>());
    }

    /// <summary>A matrix of given singular values between random orthogonal ones.</summary>
    public static double[] WithSpectrum(Gaussian gaussian, int rows, int columns, double[] spectrum)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor left = RandomOrthogonal(gaussian, rows, spectrum.Length);
        Tensor right = RandomOrthogonal(gaussian, columns, spectrum.Length);
        return ToArray(left.mul(tensor(spectrum, ScalarType.Float64)).matmul(right.t()));
    }

    /// <summary>A matrix of orthonormal columns.</summary>
    public static Tensor RandomOrthogonal(Gaussian gaussian, int rows, int columns) =>
        linalg.qr(Matrix(gaussian.Numbers(rows * columns), rows, columns), linalg.QRMode.Reduced).Q;
}
