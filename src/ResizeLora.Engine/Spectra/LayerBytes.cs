using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>How much memory the steps of a layer take, in bytes, known before they are made.</summary>
internal static class LayerBytes
{
    // Two Gram matrices, the root of one, the product in the middle, eigenvectors with LAPACK's space, and the coefficients.
    private const int SmallMatrices = 12;

    // The factors in double precision, and what their orthogonalisation copies.
    private const int FactorCopies = 4;

    /// <summary>What is kept of the first dimensions of a layer's decomposition.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="count">How many dimensions.</param>
    public static long Kept(AdapterLayer layer, int count) =>
        layer.Kronecker is { } halves ? Kept(halves.First, int.MaxValue) + Kept(halves.Second, int.MaxValue)
        : layer.Hadamard is not null ? 2L * layer.Rank * Math.Min(layer.Rank, count) * sizeof(float)
        : Kept(layer.Factors, count);

    /// <summary>What the decomposition of a product by way of Gram matrices takes.</summary>
    /// <param name="pair">The factors.</param>
    public static long ByGram(FactorPair pair) =>
        pair.IsMatrix
            ? (SmallMatrices * Square(Math.Min(pair.Rows, pair.Columns))) + ((long)pair.Rows * pair.Columns * sizeof(float))
            : (SmallMatrices * Square(pair.Rank)) + Stored(pair);

    /// <summary>What the decomposition of a product by way of its factors takes.</summary>
    /// <param name="pair">The factors.</param>
    public static long ByFactors(FactorPair pair) =>
        (FactorCopies * (long)(pair.Rows + pair.Columns) * pair.Rank * sizeof(double)) + (SmallMatrices * Square(CountOf(pair)));

    /// <summary>What the decomposition of the Khatri–Rao products of a Hadamard product takes.</summary>
    /// <param name="layer">The layer.</param>
    public static long OfProducts(AdapterLayer layer) =>
        (SmallMatrices * Square(layer.Rank)) + ((long)(layer.OutFeatures + layer.InFeatures) * layer.Rank * sizeof(double));

    /// <summary>What singular vectors take while they are formed and encoded.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="count">How many.</param>
    public static long Vectors(AdapterLayer layer, int count)
    {
        long sides = layer.OutFeatures + layer.InFeatures;
        return (FactorCopies * sides * count * sizeof(float)) + (sides * layer.Rank * sizeof(float));
    }

    private static long Kept(FactorEntries pair, int count) =>
        pair.IsMatrix
            ? (long)pair.Rank * Math.Min(pair.Rank, count) * sizeof(float)
            : 2L * pair.Rank * Math.Min(count, Math.Min(pair.Rank, Math.Min(pair.Rows, pair.Columns))) * sizeof(float);

    private static long Stored(FactorPair pair) =>
        Math.Max(
            (long)pair.Rows * pair.Rank * TensorTypes.BytesOf(pair.Up.Type),
            (long)pair.Columns * pair.Rank * TensorTypes.BytesOf(pair.Down.Type)
        );

    private static int CountOf(FactorPair pair) => Math.Min(pair.Rank, Math.Min(pair.Rows, pair.Columns));

    private static long Square(long side) => side * side * sizeof(double);
}
