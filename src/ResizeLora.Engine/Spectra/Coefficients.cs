using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>What the columns of a factor are multiplied with: rank × k numbers, row-major, in double or in single precision.</summary>
internal sealed class Coefficients
{
    private readonly double[] doubles = [];
    private readonly float[] singles = [];

    /// <summary>Keeps numbers in double precision.</summary>
    /// <param name="numbers">The numbers.</param>
    public Coefficients(double[] numbers)
    {
        doubles = numbers;
    }

    private Coefficients(float[] numbers)
    {
        singles = numbers;
    }

    /// <summary>How much memory they take, in bytes.</summary>
    public long ByteLength => (doubles.LongLength * sizeof(double)) + (singles.LongLength * sizeof(float));

    /// <summary>Keeps numbers in single precision, half as large.</summary>
    /// <param name="numbers">rank × k numbers on the processor.</param>
    public static Coefficients Rounded(Tensor numbers)
    {
        using Tensor rounded = numbers.to(ScalarType.Float32).contiguous();
        return new Coefficients(MemoryMarshal.Cast<byte, float>(rounded.bytes).ToArray());
    }

    /// <summary>The numbers.</summary>
    public double[] ToArray() => singles.Length > 0 ? Array.ConvertAll(singles, static number => (double)number) : doubles;

    /// <summary>Some columns, each times a weight.</summary>
    /// <param name="rank">How many rows there are.</param>
    /// <param name="columns">Which columns.</param>
    /// <param name="weights">The weight of each of them.</param>
    /// <returns>rank × k numbers.</returns>
    public double[] Weighted(int rank, int[] columns, double[] weights)
    {
        int count = Math.Max(doubles.Length, singles.Length) / rank;
        double[] chosen = new double[rank * columns.Length];
        for (int row = 0; row < rank; row++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                int place = (row * count) + columns[column];
                chosen[(row * columns.Length) + column] = (singles.Length > 0 ? singles[place] : doubles[place]) * weights[column];
            }
        }

        return chosen;
    }
}
