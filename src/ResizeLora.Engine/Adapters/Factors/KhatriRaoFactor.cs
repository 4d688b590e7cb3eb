namespace ResizeLora.Adapters;

/// <summary>
/// The Khatri–Rao product, by which the Hadamard product of two products is one product again: with U of all aₚ∘bᵩ of columns and V of
/// those of rows, (A₁·B₁)∘(A₂·B₂) = U·V.
/// </summary>
/// <param name="first">The one factor.</param>
/// <param name="second">The other.</param>
/// <param name="byColumns">Whether columns are multiplied, as of two ups; else rows, as of two downs.</param>
internal sealed class KhatriRaoFactor(IFactor first, IFactor second, bool byColumns) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => byColumns ? first.Rows : first.Rows * second.Rows;

    /// <inheritdoc/>
    public override int Columns => byColumns ? first.Columns * second.Columns : first.Columns;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        if (byColumns)
        {
            ReadOnlySpan<double> left = first.DoublesOf(firstRow, count);
            ReadOnlySpan<double> right = second.DoublesOf(firstRow, count);
            int place = 0;
            for (int row = 0; row < count; row++)
            {
                foreach (double factor in left.Slice(row * first.Columns, first.Columns))
                {
                    foreach (double other in right.Slice(row * second.Columns, second.Columns))
                    {
                        rows[place++] = (float)(factor * other);
                    }
                }
            }

            return;
        }

        // Rows p·r₂ + q for the rows p of the one and q of the other.
        int lowest = firstRow / second.Rows;
        ReadOnlySpan<double> above = first.DoublesOf(lowest, ((firstRow + count - 1) / second.Rows) - lowest + 1);
        ReadOnlySpan<double> below = second.DoublesOf(0, second.Rows);
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<double> left = above.Slice((((firstRow + row) / second.Rows) - lowest) * Columns, Columns);
            ReadOnlySpan<double> right = below.Slice((firstRow + row) % second.Rows * Columns, Columns);
            Span<float> target = rows.Slice(row * Columns, Columns);
            for (int column = 0; column < target.Length; column++)
            {
                target[column] = (float)(left[column] * right[column]);
            }
        }
    }
}

/// <summary>The Hadamard product: each element times the one in its place.</summary>
/// <param name="first">The one matrix.</param>
/// <param name="second">The other, of the same shape.</param>
internal sealed class HadamardFactor(IFactor first, IFactor second) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => first.Rows;

    /// <inheritdoc/>
    public override int Columns => first.Columns;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        double[] left = first.ReadDoubles(firstRow, count);
        double[] right = second.ReadDoubles(firstRow, count);
        for (int index = 0; index < left.Length; index++)
        {
            rows[index] = (float)(left[index] * right[index]);
        }
    }
}
