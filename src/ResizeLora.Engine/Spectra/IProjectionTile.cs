namespace ResizeLora.Spectra;

/// <summary>
/// The innermost product of <see cref="WeightProjection"/>: some rows of weights with some columns of vectors, all sums in
/// registers. Every sum takes its terms one after another, so that on one processor tiles of every size give the same bits.
/// </summary>
internal interface IProjectionTile
{
    /// <summary>
    /// The most terms of one product, and so the columns of W that are decoded at a time: twelve rows of them stay in the nearest cache.
    /// </summary>
    const int MaximumLength = 512;

    /// <summary>
    /// From one row of decoded weights to the next; not a power of two, so that they do not compete for the same lines of the cache.
    /// </summary>
    const int Stride = MaximumLength + 16;

    /// <summary>The rows of a tile.</summary>
    static abstract int Rows { get; }

    /// <summary>The columns of a tile.</summary>
    static abstract int Columns { get; }

    /// <summary>Computes one tile.</summary>
    /// <param name="weights"><see cref="Rows"/> rows, <see cref="Stride"/> apart.</param>
    /// <param name="vectors">One row of <see cref="Columns"/> for each term.</param>
    /// <param name="length">The terms of each sum.</param>
    /// <param name="sums">Where the sums go, row by row.</param>
    static abstract void Multiply(ReadOnlySpan<float> weights, ReadOnlySpan<float> vectors, int length, Span<float> sums);
}
