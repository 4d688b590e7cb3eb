using ResizeLora.Checkpoints;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>The eigenvalues that the Lanczos iteration judges itself by.</summary>
public sealed class TridiagonalTests
{
    [Fact]
    public void The_two_largest_eigenvalues_and_the_last_component_are_those_of_a_dense_solver()
    {
        var gaussian = new Gaussian(8);
        for (int index = 0; index < 200; index++)
        {
            int size = gaussian.Integer(1, 30);
            double[] diagonal = gaussian.Numbers(size).Select(Math.Abs).ToArray();
            double[] beside = gaussian.Numbers(size - 1).Select(Math.Abs).ToArray();
            double[] dense = new double[size * size];
            for (int row = 0; row < size; row++)
            {
                dense[(row * size) + row] = diagonal[row];
                if (row > 0)
                {
                    dense[(row * size) + row - 1] = dense[((row - 1) * size) + row] = beside[row - 1];
                }
            }

            (Tensor values, Tensor vectors) = linalg.eigh(Dense.Matrix(dense, size, size));
            double[] expected = Dense.ToArray(values);
            (double largest, double second, double component) = Tridiagonal.LargestEigenvalue([.. diagonal], beside);
            Assert.Equal(expected[^1], largest, 1e-12);
            Assert.Equal(size > 1 ? Math.Max(expected[^2], 0) : 0, second, 1e-12);
            Assert.Equal(Math.Abs(vectors[-1, -1].item<double>()), Math.Abs(component), 1e-9);
        }
    }

    [Fact]
    public void Elements_beside_the_diagonal_may_be_zero()
    {
        (double largest, double second, double component) = Tridiagonal.LargestEigenvalue([1, 3, 2], [0, 0]);
        Assert.Equal((3, 2, 0), (largest, second, component));
    }
}
