namespace ResizeLora.Adapters;

/// <summary>W·A for the base weight W, which is known only when the adapter is joined with a base model.</summary>
/// <param name="factor">A, in × r.</param>
/// <param name="rows">The rows of W.</param>
internal sealed class BaseProductFactor(IFactor factor, int rows) : ComputedFactor
{
    private ProductFactor? product;

    /// <inheritdoc/>
    public override int Rows => rows;

    /// <inheritdoc/>
    public override int Columns => factor.Columns;

    /// <summary>Takes the base weight, out × in.</summary>
    /// <param name="weight">The weight.</param>
    public void Bind(IFactor weight) => product = new ProductFactor(weight, factor);

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        ProductFactor known = product ?? throw new InvalidOperationException("The layer was not joined with a base model.");
        known.ReadRows(firstRow, count, System.Runtime.InteropServices.MemoryMarshal.AsBytes(rows));
    }
}
