using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>A matrix as the product of two factors.</summary>
/// <param name="Up">n × r.</param>
/// <param name="Down">r × m.</param>
/// <param name="IsMatrix">Whether the factor on the shorter side is the identity, so that the other is the matrix itself.</param>
internal sealed record FactorPair(IFactor Up, IFactor Down, bool IsMatrix = false)
{
    /// <summary>n.</summary>
    public int Rows => Up.Rows;

    /// <summary>m.</summary>
    public int Columns => Down.Columns;

    /// <summary>r.</summary>
    public int Rank => Up.Columns;

    /// <summary>Two factors; where their rank is above the sides of the matrix, the matrix itself.</summary>
    /// <param name="up">n × r.</param>
    /// <param name="down">r × m.</param>
    public static FactorPair Of(IFactor up, IFactor down) =>
        up.Columns <= Math.Min(up.Rows, down.Columns) ? new FactorPair(up, down) : OfMatrix(new ProductFactor(up, down));

    /// <summary>A matrix that has no factors: the identity is the other one, on the shorter side.</summary>
    /// <param name="matrix">The matrix.</param>
    public static FactorPair OfMatrix(IFactor matrix) =>
        matrix.Columns <= matrix.Rows
            ? new FactorPair(matrix, new IdentityFactor(matrix.Columns), IsMatrix: true)
            : new FactorPair(new IdentityFactor(matrix.Rows), matrix, IsMatrix: true);

    /// <summary>The Kronecker product of two matrices, factor by factor.</summary>
    /// <param name="first">The one, whose elements multiply the other.</param>
    /// <param name="second">The other.</param>
    public static FactorPair Kronecker(FactorPair first, FactorPair second) =>
        new(new KroneckerFactor(first.Up, second.Up), new KroneckerFactor(first.Down, second.Down));

    /// <summary>The Hadamard product of two products: the Khatri–Rao products of their factors.</summary>
    /// <param name="first">The one product.</param>
    /// <param name="second">The other, of the same shape.</param>
    public static FactorPair Hadamard(FactorPair first, FactorPair second) =>
        new(new KhatriRaoFactor(first.Up, second.Up, byColumns: true), new KhatriRaoFactor(first.Down, second.Down, byColumns: false));

    /// <summary>Makes the layer of which this is the change.</summary>
    /// <param name="parts">The layer's tensors.</param>
    /// <param name="file">The file, which offers the factors from now on.</param>
    /// <param name="inputs">The shape of a row: the inputs, and the kernel where it is known.</param>
    /// <param name="scale">What the product is multiplied with.</param>
    /// <param name="isScaleAssumed">Whether the file does not say the scale.</param>
    /// <param name="kind">The layer's kind.</param>
    public AdapterLayer ToLayer(
        LayerParts parts,
        FactorFile file,
        IReadOnlyList<long> inputs,
        double scale,
        bool isScaleAssumed,
        AdapterKind kind
    )
    {
        long[] units = [.. Enumerable.Repeat(1L, inputs.Count - 1)];
        TensorEntry up = file.Add(parts.Name, "up", Up, [Up.Rows, Rank, .. units]);
        TensorEntry down = file.Add(parts.Name, "down", Down, [Rank, .. inputs]);
        return AdapterLayer.Of(parts, down, up, scale * Rank, isScaleAssumed) with
        {
            StoredTensors = parts.Tensors,
            AdapterKind = kind,
            IsMatrix = IsMatrix,
        };
    }

    /// <summary>Offers the factors as tensors.</summary>
    /// <param name="file">The file.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="part">What the pair is to the layer.</param>
    public FactorEntries Offer(FactorFile file, string layer, string part) =>
        new(file.Add(layer, $"{part}.up", Up, [Up.Rows, Rank]), file.Add(layer, $"{part}.down", Down, [Rank, Down.Columns]), IsMatrix);
}

/// <summary>Two factors as tensors that can be read.</summary>
/// <param name="Up">n × r.</param>
/// <param name="Down">r × m.</param>
/// <param name="IsMatrix">Whether the factor on the shorter side is the identity, so that the other is the matrix itself.</param>
internal sealed record FactorEntries(TensorEntry Up, TensorEntry Down, bool IsMatrix)
{
    /// <summary>n.</summary>
    public int Rows => (int)Up.Shape[0];

    /// <summary>m.</summary>
    public int Columns => (int)(Down.ElementCount / Down.Shape[0]);

    /// <summary>r.</summary>
    public int Rank => (int)Down.Shape[0];

    /// <summary>The factors as a file gives them.</summary>
    /// <param name="file">The file.</param>
    public FactorPair In(ITensorFile file) => new(new StoredFactor(file, Up), new StoredFactor(file, Down), IsMatrix);
}
