using System.Numerics.Tensors;

namespace ResizeLora.Adapters;

/// <summary>The identity: the other factor of a matrix that has none.</summary>
/// <param name="size">Rows and columns.</param>
internal sealed class IdentityFactor(int size) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => size;

    /// <inheritdoc/>
    public override int Columns => size;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        rows.Clear();
        for (int row = 0; row < count; row++)
        {
            rows[(row * size) + firstRow + row] = 1;
        }
    }
}

/// <summary>A factor that its trainer stores the other way round.</summary>
/// <param name="stored">The stored matrix.</param>
internal sealed class TransposedFactor(IFactor stored) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => stored.Columns;

    /// <inheritdoc/>
    public override int Columns => stored.Rows;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        double[] numbers = stored.ReadDoubles();
        for (int row = 0; row < count; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                rows[(row * Columns) + column] = (float)numbers[(column * Rows) + firstRow + row];
            }
        }
    }
}

/// <summary>The product of two factors, as a matrix.</summary>
/// <param name="left">n × r.</param>
/// <param name="right">r × m.</param>
internal sealed class ProductFactor(IFactor left, IFactor right) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => left.Rows;

    /// <inheritdoc/>
    public override int Columns => right.Columns;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        double[] coefficients = left.ReadDoubles(firstRow, count);
        double[] terms = right.ReadDoubles();
        double[] sums = new double[Columns];
        for (int row = 0; row < count; row++)
        {
            Array.Clear(sums);
            for (int term = 0; term < left.Columns; term++)
            {
                double coefficient = coefficients[(row * left.Columns) + term];
                TensorPrimitives.MultiplyAddEstimate(terms.AsSpan(term * Columns, Columns), coefficient, sums, sums);
            }

            TensorPrimitives.ConvertTruncating<double, float>(sums, rows.Slice(row * Columns, Columns));
        }
    }
}

/// <summary>
/// A factor A under a tucker core, as one factor: A'[p, (i, k)] = Σᵩ core[p, q, k]·A[q, i], with k the place in the kernel.
/// </summary>
/// <param name="core">The core, [p, q, kernel…], as p × (q · kernel).</param>
/// <param name="down">A, q × in.</param>
/// <param name="kernel">The number of places in the kernel.</param>
internal sealed class TuckerFactor(IFactor core, IFactor down, int kernel) : ComputedFactor
{
    /// <inheritdoc/>
    public override int Rows => core.Rows;

    /// <inheritdoc/>
    public override int Columns => down.Columns * kernel;

    /// <inheritdoc/>
    protected override void Compute(int firstRow, int count, Span<float> rows)
    {
        double[] cores = core.ReadDoubles(firstRow, count);
        double[] inputs = down.ReadDoubles();
        double[] sums = new double[Columns];
        for (int row = 0; row < count; row++)
        {
            Array.Clear(sums);
            for (int term = 0; term < down.Rows; term++)
            {
                ReadOnlySpan<double> places = cores.AsSpan((row * core.Columns) + (term * kernel), kernel);
                ReadOnlySpan<double> input = inputs.AsSpan(term * down.Columns, down.Columns);
                int column = 0;
                foreach (double number in input)
                {
                    foreach (double place in places)
                    {
                        sums[column++] += place * number;
                    }
                }
            }

            TensorPrimitives.ConvertTruncating<double, float>(sums, rows.Slice(row * Columns, Columns));
        }
    }
}
