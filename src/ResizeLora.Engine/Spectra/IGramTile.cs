namespace ResizeLora.Spectra;

/// <summary>
/// The innermost sums of <see cref="GramMatrix"/>: some columns of T with some others, all sums in registers. Every sum takes its
/// terms one after another, so that on one processor tiles of every size give the same bits.
/// </summary>
internal interface IGramTile
{
    /// <summary>The rows of a tile; strips are a multiple of it wide.</summary>
    static abstract int Rows { get; }

    /// <summary>The columns of a tile, and the columns of T that lie together in a strip.</summary>
    static abstract int Columns { get; }

    /// <summary>Adds the sums of one tile.</summary>
    /// <param name="left">The first of <see cref="Rows"/> columns in the first row of a strip.</param>
    /// <param name="right">The first row of a strip.</param>
    /// <param name="length">The terms of each sum; from one to the next it is <see cref="Columns"/> numbers.</param>
    /// <param name="sums">What they are added to.</param>
    /// <param name="stride">From one row of the sums to the next.</param>
    static abstract void Add(ref double left, ref double right, int length, Span<double> sums, int stride);
}
