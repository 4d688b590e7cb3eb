using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// A factor put together while it is read: factors one below the other, or side by side with ratios in them, as the downs and ups of a
/// merge are. Where nothing is scaled and the types agree, bytes are only copied.
/// </summary>
/// <param name="Type">The element type; Float32 or Float64 where anything is converted.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Columns">Elements in a row.</param>
/// <param name="Stacked">Whether the parts are below one another.</param>
/// <param name="Parts">The parts, in their order.</param>
internal sealed record StackedFactor(TensorType Type, int Rows, int Columns, bool Stacked, IReadOnlyList<StackedFactor.Part> Parts)
    : IFactor
{
    private int ElementLength => TensorTypes.BytesOf(Type);

    /// <inheritdoc/>
    public void ReadRows(int first, int count, Span<byte> destination)
    {
        int start = 0;
        foreach (Part part in Parts)
        {
            if (Stacked)
            {
                int from = Math.Max(first, start);
                int to = Math.Min(first + count, start + part.Rank);
                if (from < to)
                {
                    Span<byte> target = destination.Slice((from - first) * Columns * ElementLength, (to - from) * Columns * ElementLength);
                    ReadPart(part, from - start, to - from, target, Columns, Columns);
                }
            }
            else
            {
                ReadPart(part, first, count, destination[(start * ElementLength)..], part.Rank, Columns);
            }

            start += part.Rank;
        }
    }

    // Rows of the given length go to places a stride apart.
    private void ReadPart(Part part, int firstRow, int rows, Span<byte> target, int length, int stride)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(rows * length * TensorTypes.BytesOf(part.Factor.Type)));
        part.Factor.ReadRows(firstRow, rows, bytes);
        bool copied = part.Ratio == 1 && part.Factor.Type == Type;
        double[] decoded = copied ? [] : WeightNumbers.ToDoubles(part.Factor.Type, bytes);
        for (int row = 0; row < rows; row++)
        {
            Span<byte> place = target.Slice(row * stride * ElementLength, length * ElementLength);
            if (copied)
            {
                bytes.AsSpan(row * length * ElementLength, length * ElementLength).CopyTo(place);
                continue;
            }

            for (int column = 0; column < length; column++)
            {
                double value = part.Ratio * decoded[(row * length) + column];
                if (Type == TensorType.Float64)
                {
                    BinaryPrimitives.WriteDoubleLittleEndian(place[(column * sizeof(double))..], value);
                }
                else
                {
                    BinaryPrimitives.WriteSingleLittleEndian(place[(column * sizeof(float))..], (float)value);
                }
            }
        }
    }

    /// <summary>One share of a factor.</summary>
    /// <param name="Factor">What is stacked.</param>
    /// <param name="Rank">The rank that it adds.</param>
    /// <param name="Ratio">What its elements are multiplied with.</param>
    internal sealed record Part(IFactor Factor, int Rank, double Ratio);
}
