using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Tests.Spectra;

/// <summary>TᵀT summed in panels and tiles is TᵀT, whatever remains at the edges.</summary>
public sealed class GramMatrixTests
{
    private static readonly (int Length, int Rank)[] Shapes =
    [
        (1, 1),
        (1, 13),
        (5, 4),
        (127, 3),
        (128, 12),
        (129, 13),
        (255, 24),
        (256, 25),
        (300, 7),
        (513, 36),
        (40, 64),
    ];

    [Theory]
    [InlineData(TensorType.Float32, false)]
    [InlineData(TensorType.Float32, true)]
    [InlineData(TensorType.Float16, false)]
    [InlineData(TensorType.Float16, true)]
    [InlineData(TensorType.BFloat16, false)]
    [InlineData(TensorType.BFloat16, true)]
    public void Sums_of_whole_numbers_are_exact(TensorType type, bool transposed)
    {
        foreach ((int length, int rank) in Shapes)
        {
            // Small whole numbers, so that no order of summation rounds.
            var gaussian = new Gaussian(length + rank);
            int[] numbers = gaussian.Numbers(length * rank).Select(static value => (int)Math.Round(value * 4)).ToArray();
            int At(int row, int column) => transposed ? numbers[(column * length) + row] : numbers[(row * rank) + column];
            double[] gram = new double[rank * rank];
            byte[] stored = WeightEncoder.Encode(type, numbers.Select(static number => (double)number));
            GramMatrix.Compute(type, stored, length, rank, transposed, gram);
            for (int index = 0; index < gram.Length; index++)
            {
                (int left, int right) = (index / rank, index % rank);
                double expected = Enumerable.Range(0, length).Sum(row => At(row, left) * At(row, right));
                Assert.True(expected == gram[index], $"{length} × {rank}, element {left}, {right}: {gram[index]} is not {expected}.");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tiles_of_every_size_give_the_same_bits(bool transposed)
    {
        foreach ((int length, int rank) in Shapes)
        {
            byte[] stored = WeightEncoder.Encode(TensorType.Float16, new Gaussian(length + rank).Numbers(length * rank));
            double[] wide = new double[rank * rank];
            double[] narrow = new double[rank * rank];
            GramMatrix.Compute<GramTile512>(TensorType.Float16, stored, length, rank, transposed, wide);
            GramMatrix.Compute<GramTile256>(TensorType.Float16, stored, length, rank, transposed, narrow);
            Assert.Equal(wide, narrow);
        }
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_seen_in_the_sums()
    {
        double[] numbers = new double[300];
        numbers[151] = double.NaN;
        double[] gram = new double[9];
        GramMatrix.Compute(TensorType.Float16, WeightEncoder.Encode(TensorType.Float16, numbers), 100, 3, transposed: false, gram);

        // Column 1 meets every other one in row 1 and in column 1 of the sums, and nowhere else.
        Assert.Equal([false, true, false, true, true, true, false, true, false], gram.Select(double.IsNaN));
    }
}
