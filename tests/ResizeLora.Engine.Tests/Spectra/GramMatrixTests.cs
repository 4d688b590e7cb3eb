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
        (300, 16),
        (258, 48),
        (131, 17),
        (130, 15),
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
            // Numbers of very unlike sizes with all digits of a single, so that another order of summation would round otherwise.
            double[] numbers =
            [
                .. new Gaussian(length + rank)
                    .Numbers(length * rank)
                    .Select(static (value, index) => (double)(float)Math.ScaleB(value, (index * 7 % 41) - 20)),
            ];
            byte[] stored = WeightEncoder.Encode(TensorType.Float32, numbers);
            Assert.Equal(BitsOf<GramTile512>(stored, length, rank, transposed), BitsOf<GramTile256>(stored, length, rank, transposed));
        }
    }

    [Theory]
    [InlineData(3, false, double.NaN)]
    [InlineData(3, true, double.NaN)]
    [InlineData(20, false, double.PositiveInfinity)]
    [InlineData(20, true, double.NegativeInfinity)]
    public void Numbers_that_are_not_finite_are_seen_in_the_sums(int rank, bool transposed, double number)
    {
        const int Length = 200;
        const int Row = 150;
        int column = rank - 2;
        double[] numbers = new double[Length * rank];
        numbers[transposed ? (column * Length) + Row : (Row * rank) + column] = number;
        double[] gram = new double[rank * rank];
        byte[] stored = WeightEncoder.Encode(TensorType.Float16, numbers);
        GramMatrix.Compute(TensorType.Float16, stored, Length, rank, transposed, gram);

        // The column meets every other one, and nothing else is touched: infinity times zero is not a number.
        for (int index = 0; index < gram.Length; index++)
        {
            Assert.Equal(!(index / rank == column || index % rank == column), double.IsFinite(gram[index]));
        }
    }

    private static long[] BitsOf<TTile>(byte[] stored, int length, int rank, bool transposed)
        where TTile : struct, IGramTile
    {
        double[] gram = new double[rank * rank];
        GramMatrix.Compute<TTile>(TensorType.Float32, stored, length, rank, transposed, gram);
        return Array.ConvertAll(gram, BitConverter.DoubleToInt64Bits);
    }
}
