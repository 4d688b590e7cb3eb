namespace ResizeLora.Adapters;

/// <summary>The Kronecker product of two matrices: row o₁·n₂ + o₂ and column i₁·m₂ + i₂ hold a[o₁, i₁]·b[o₂, i₂].</summary>
/// <param name="first">The one, whose elements multiply the other as a whole.</param>
/// <param name="second">The other.</param>
internal sealed class KroneckerFactor(IFactor first, IFactor second) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => first.Rows * second.Rows;

    /// <inheritdoc/>
    public override int Columns => first.Columns * second.Columns;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        int lowest = firstRow / second.Rows;
        double[] left = first.ReadDoubles(lowest, ((firstRow + count - 1) / second.Rows) - lowest + 1);
        double[] right = second.ReadDoubles();
        int place = 0;
        for (int row = firstRow; row < firstRow + count; row++)
        {
            ReadOnlySpan<double> inner = right.AsSpan(row % second.Rows * second.Columns, second.Columns);
            foreach (double outer in left.AsSpan(((row / second.Rows) - lowest) * first.Columns, first.Columns))
            {
                foreach (double number in inner)
                {
                    rows[place++] = (float)(outer * number);
                }
            }
        }
    }
}
