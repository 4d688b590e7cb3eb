using System.Runtime.InteropServices;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Tests.Spectra;

/// <summary>uᵢᵀ·W·vᵢ is close to double precision, and on one processor the same to the bit for every width of tile.</summary>
public sealed class WeightProjectionTests
{
    /// <summary>
    /// Shapes around the sizes of the tiles (6 and 12 rows, 16 and 32 columns), of a block of terms (512) and of a piece of rows
    /// (96).
    /// </summary>
    public static TheoryData<int, int, int> Shapes =>
        new()
        {
            { 1, 1, 1 },
            { 5, 7, 3 },
            { 6, 16, 16 },
            { 7, 17, 17 },
            { 12, 512, 32 },
            { 13, 513, 33 },
            { 25, 1025, 40 },
            { 97, 1025, 40 },
            { 191, 513, 70 },
            { 300, 700, 5 },
            { 11, 20000, 2 },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_those_of_double_precision(int rows, int columns, int rank)
    {
        Operands operands = new(rows, columns, rank);
        double[] products = operands.Project<ProjectionTile256>();
        double[] expected = operands.InDoublePrecision();
        for (int index = 0; index < rank; index++)
        {
            Assert.Equal(expected[index], products[index], 1e-5 * Math.Sqrt((double)rows * columns));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Both_tiles_and_the_one_that_is_chosen_give_the_same_bits(int rows, int columns, int rank)
    {
        Operands operands = new(rows, columns, rank);
        double[] narrow = operands.Project<ProjectionTile256>();
        Assert.Equal(narrow, operands.Project<ProjectionTile512>());
        Assert.Equal(narrow, operands.Project());
    }

    [Fact]
    public void Every_row_is_read_once_in_order()
    {
        Operands operands = new(300, 700, 5);
        operands.Project();
        Assert.Equal(Enumerable.Range(0, 300), operands.RowsRead);
    }

    [Fact]
    public void Infinity_in_the_weight_does_not_turn_into_a_number()
    {
        Operands operands = new(20, 40, 4);
        operands.Weights[(7 * 40) + 3] = Half.PositiveInfinity;
        Assert.All(operands.Project(), static product => Assert.False(double.IsFinite(product)));
    }

    private sealed class Operands
    {
        private readonly int rows;
        private readonly int columns;
        private readonly int rank;
        private readonly float[] left;
        private readonly float[] right;

        public Operands(int rows, int columns, int rank)
        {
            (this.rows, this.columns, this.rank) = (rows, columns, rank);
            var gaussian = new Gaussian((rows * 31) + columns);
            Weights = Array.ConvertAll(gaussian.Numbers(rows * columns), static value => (Half)value);
            left = Array.ConvertAll(gaussian.Numbers(rows * rank), static value => (float)value);
            right = Array.ConvertAll(gaussian.Numbers(columns * rank), static value => (float)value);
        }

        public Half[] Weights { get; }

        public List<int> RowsRead { get; } = [];

        public double[] Project()
        {
            double[] products = new double[rank];
            WeightProjection.Compute(TensorType.Float16, Read, rows, columns, left, right, products);
            return products;
        }

        public double[] Project<TTile>()
            where TTile : struct, IProjectionTile
        {
            double[] products = new double[rank];
            WeightProjection.Compute<TTile>(TensorType.Float16, Read, rows, columns, left, right, products);
            return products;
        }

        public double[] InDoublePrecision()
        {
            double[] products = new double[rank];
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    double weight = (double)Weights[(row * columns) + column];
                    for (int index = 0; index < rank; index++)
                    {
                        products[index] += weight * left[(row * rank) + index] * right[(column * rank) + index];
                    }
                }
            }

            return products;
        }

        private void Read(int firstRow, Span<byte> destination)
        {
            int count = destination.Length / sizeof(short) / columns;
            RowsRead.AddRange(Enumerable.Range(firstRow, count));
            MemoryMarshal.AsBytes(Weights.AsSpan(firstRow * columns, count * columns)).CopyTo(destination);
        }
    }
}
