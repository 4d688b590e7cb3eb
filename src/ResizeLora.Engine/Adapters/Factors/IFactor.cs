using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>A factor of a layer, a matrix whose rows can be read: stored in a file, or computed from what a file holds.</summary>
internal interface IFactor
{
    /// <summary>The type of the elements as they are read.</summary>
    TensorType Type { get; }

    /// <summary>The number of rows.</summary>
    int Rows { get; }

    /// <summary>The elements of a row.</summary>
    int Columns { get; }

    /// <summary>Reads rows.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">As long as the rows are in bytes.</param>
    void ReadRows(int first, int count, Span<byte> destination);
}

/// <summary>A factor that lies in memory, in double precision.</summary>
internal interface IDenseFactor : IFactor
{
    /// <summary>Rows as they lie there.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    ReadOnlySpan<double> RowsAt(int first, int count);
}

/// <summary>Reads factors as numbers.</summary>
internal static class FactorReading
{
    /// <summary>The length of all rows in bytes.</summary>
    /// <param name="factor">The factor.</param>
    public static int ByteLength(this IFactor factor) => checked(factor.Rows * factor.Columns * TensorTypes.BytesOf(factor.Type));

    /// <summary>Reads all rows in double precision, row-major.</summary>
    /// <param name="factor">The factor.</param>
    public static double[] ReadDoubles(this IFactor factor) => factor.ReadDoubles(0, factor.Rows);

    /// <summary>Reads rows in double precision, row-major.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">How many.</param>
    public static double[] ReadDoubles(this IFactor factor, int first, int count)
    {
        int length = checked(count * factor.Columns);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(length * TensorTypes.BytesOf(factor.Type)));
        factor.ReadRows(first, count, bytes);
        return WeightNumbers.ToDoubles(factor.Type, bytes);
    }

    /// <summary>Rows in double precision, row-major, without a copy where they lie in memory so.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">How many.</param>
    public static ReadOnlySpan<double> DoublesOf(this IFactor factor, int first, int count) =>
        factor is IDenseFactor dense ? dense.RowsAt(first, count) : factor.ReadDoubles(first, count);
}

/// <summary>A factor that is computed, in single precision; its rows are found in double precision.</summary>
internal abstract class ComputedFactor : IFactor
{
    private const int BlockElements = 1 << 20;

    /// <inheritdoc/>
    public TensorType Type => TensorType.Float32;

    /// <inheritdoc/>
    public abstract int Rows { get; }

    /// <inheritdoc/>
    public abstract int Columns { get; }

    /// <inheritdoc/>
    public void ReadRows(int first, int count, Span<byte> destination)
    {
        // Some rows at a time: what they are computed from is held in double precision.
        Span<float> rows = MemoryMarshal.Cast<byte, float>(destination);
        int block = Math.Max(BlockElements / Math.Max(Columns, 1), 1);
        for (int done = 0; done < count; done += block)
        {
            int height = Math.Min(block, count - done);
            Compute(first + done, height, rows.Slice(done * Columns, height * Columns));
        }
    }

    /// <summary>Computes rows.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="rows">Where they go, row-major.</param>
    protected abstract void Compute(int first, int count, Span<float> rows);
}
