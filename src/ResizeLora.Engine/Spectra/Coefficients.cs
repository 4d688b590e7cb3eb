using System.Numerics.Tensors;

namespace ResizeLora.Spectra;

/// <summary>What the columns of a factor are multiplied with: rank × k numbers, row-major, in double or in single precision.</summary>
internal sealed class Coefficients
{
    private readonly double[] doubles = [];
    private readonly float[] singles = [];

    /// <summary>Keeps the first columns.</summary>
    /// <param name="numbers">rank rows.</param>
    /// <param name="rank">How many rows there are.</param>
    /// <param name="count">How many columns are kept.</param>
    /// <param name="inSingle">Whether they are kept in single precision, half as large.</param>
    public Coefficients(ReadOnlySpan<double> numbers, int rank, int count, bool inSingle)
    {
        Count = count;
        int width = numbers.Length / rank;
        doubles = inSingle ? [] : GC.AllocateUninitializedArray<double>(rank * count);
        singles = inSingle ? GC.AllocateUninitializedArray<float>(rank * count) : [];
        for (int row = 0; row < rank; row++)
        {
            ReadOnlySpan<double> kept = numbers.Slice(row * width, count);
            if (inSingle)
            {
                TensorPrimitives.ConvertTruncating(kept, singles.AsSpan(row * count, count));
            }
            else
            {
                kept.CopyTo(doubles.AsSpan(row * count));
            }
        }
    }

    /// <summary>k.</summary>
    public int Count { get; }

    /// <summary>How much memory they take, in bytes.</summary>
    public long ByteLength => (doubles.LongLength * sizeof(double)) + (singles.LongLength * sizeof(float));

    /// <summary>The numbers.</summary>
    public double[] ToArray() => singles.Length > 0 ? Array.ConvertAll(singles, static number => (double)number) : doubles;

    /// <summary>Some columns, each times a weight.</summary>
    /// <param name="rank">How many rows there are.</param>
    /// <param name="columns">Which columns.</param>
    /// <param name="weights">The weight of each of them.</param>
    /// <returns>rank × k numbers.</returns>
    public double[] Weighted(int rank, int[] columns, double[] weights)
    {
        double[] chosen = new double[rank * columns.Length];
        for (int row = 0; row < rank; row++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                chosen[(row * columns.Length) + column] = NumberAt(row, columns[column]) * weights[column];
            }
        }

        return chosen;
    }

    /// <summary>Some columns, each times a weight, rounded to single precision.</summary>
    /// <param name="rank">How many rows there are.</param>
    /// <param name="columns">Which columns.</param>
    /// <param name="weights">The weight of each of them.</param>
    /// <param name="chosen">Where the rank × k numbers go.</param>
    /// <returns>The largest of their sizes.</returns>
    public double Weigh(int rank, int[] columns, double[] weights, Span<float> chosen)
    {
        double largest = 0;
        for (int row = 0; row < rank; row++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                double number = NumberAt(row, columns[column]) * weights[column];
                largest = Math.Max(largest, Math.Abs(number));
                chosen[(row * columns.Length) + column] = (float)number;
            }
        }

        return largest;
    }

    private double NumberAt(int row, int column)
    {
        int place = (row * Count) + column;
        return singles.Length > 0 ? singles[place] : doubles[place];
    }
}
