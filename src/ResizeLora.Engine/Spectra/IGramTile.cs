namespace ResizeLora.Spectra;

/// <summary>
/// The innermost sums of <see cref="GramMatrix"/>: some columns of T with some others, all sums in registers. Every sum takes its
/// terms one after another, and a product of two singles is exact in double precision, so that tiles of every size give the same bits.
/// </summary>
internal interface IGramTile
{
    /// <summary>How many columns of T are the left ones of a tile, and its rows. It divides <see cref="Columns"/>.</summary>
    static abstract int Rows { get; }

    /// <summary>
    /// How many columns of T are the right ones of a tile, and its columns: a multiple of 4. So many columns of T make a strip.
    /// </summary>
    static abstract int Columns { get; }

    /// <summary>Adds the sums of one tile to those that are there.</summary>
    /// <param name="left">The first left column, in the first row of its strip. What lies beyond the last row is not read.</param>
    /// <param name="right">The first row of the right columns' strip.</param>
    /// <param name="length">How many rows there are, the terms of each sum; a row is <see cref="Columns"/> numbers.</param>
    /// <param name="sums">The sums, <see cref="Rows"/> by <see cref="Columns"/>.</param>
    /// <param name="stride">How far one row of the sums lies from the next.</param>
    static abstract void Add(ref double left, ref double right, int length, Span<double> sums, int stride);
}
