using System.Runtime.InteropServices;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Tests.Spectra;

/// <summary>B·X and Yᵀ·A are those of double precision, and on one processor the same to the bit for every width of tile.</summary>
public sealed class FactorProductTests
{
    private delegate void Product(
        TensorType type,
        ReadOnlySpan<byte> stored,
        int rank,
        ReadOnlySpan<float> combination,
        Span<float> product
    );

    /// <summary>
    /// Length, rank and count around the sizes of the tiles (6 and 12 rows, 16 and 32 columns) and of a block of terms (512).
    /// </summary>
    public static TheoryData<int, int, int> Shapes =>
        new()
        {
            { 1, 1, 1 },
            { 5, 3, 2 },
            { 6, 16, 12 },
            { 12, 32, 32 },
            { 13, 33, 13 },
            { 40, 8, 33 },
            { 70, 513, 40 },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_those_of_double_precision_for_both_tiles(int length, int rank, int count)
    {
        var gaussian = new Gaussian((length * 31) + rank);
        Half[] factor = Array.ConvertAll(gaussian.Numbers(length * rank), static value => (Half)value);
        float[] combination = Array.ConvertAll(gaussian.Numbers(rank * count), static value => (float)value);
        double Element(Func<int, double> factorOf, int column) =>
            Enumerable.Range(0, rank).Sum(term => factorOf(term) * combination[(term * count) + column]);

        // The same numbers are B, length × rank, for one product and A, rank × length, for the other.
        double[] left = (
            from row in Enumerable.Range(0, length)
            from column in Enumerable.Range(0, count)
            select Element(term => (double)factor[(row * rank) + term], column)
        ).ToArray();
        double[] right = (
            from row in Enumerable.Range(0, count)
            from column in Enumerable.Range(0, length)
            select Element(term => (double)factor[(term * length) + column], row)
        ).ToArray();
        AssertProducts(left, FactorProduct.Left, FactorProduct.Left<ProjectionTile256>, FactorProduct.Left<ProjectionTile512>);
        AssertProducts(right, FactorProduct.Right, FactorProduct.Right<ProjectionTile256>, FactorProduct.Right<ProjectionTile512>);

        void AssertProducts(double[] expected, params Product[] products)
        {
            float[][] found = Array.ConvertAll(
                products,
                product =>
                {
                    float[] numbers = new float[length * count];
                    product(TensorType.Float16, MemoryMarshal.AsBytes<Half>(factor), rank, combination, numbers);
                    return numbers;
                }
            );
            Assert.All(expected.Zip(found[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Sqrt(rank)));
            Assert.All(found, numbers => Assert.Equal(found[0], numbers));
        }
    }
}
