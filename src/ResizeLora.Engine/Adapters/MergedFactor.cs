using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// A factor of a merged layer, put together while it is read: downs one below the other, or ups side by side with the
/// files' scales in them. Where nothing is scaled and the types agree, bytes are only copied.
/// </summary>
/// <param name="Type">The element type; Float32 or Float64 where anything is converted.</param>
/// <param name="RowLength">Elements in a row.</param>
/// <param name="Stacked">Whether the parts are below one another.</param>
/// <param name="Parts">The parts, in their order.</param>
internal sealed record MergedFactor(TensorType Type, int RowLength, bool Stacked, IReadOnlyList<MergedFactor.Part> Parts)
{
    private int ElementLength => TensorTypes.BytesOf(Type);

    /// <summary>Reads any bytes of the factor.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="offset">The first of them.</param>
    public void Read(Span<byte> destination, long offset)
    {
        long rowBytes = (long)RowLength * ElementLength;
        int first = (int)(offset / rowBytes);
        int count = (int)((offset + destination.Length + rowBytes - 1) / rowBytes) - first;
        if (offset == first * rowBytes && destination.Length == count * rowBytes)
        {
            ReadRows(first, count, destination);
            return;
        }

        byte[] rows = new byte[checked((int)(count * rowBytes))];
        ReadRows(first, count, rows);
        rows.AsSpan((int)(offset - (first * rowBytes)), destination.Length).CopyTo(destination);
    }

    private void ReadRows(int first, int count, Span<byte> destination)
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
                    Span<byte> target = destination.Slice(
                        (from - first) * RowLength * ElementLength,
                        (to - from) * RowLength * ElementLength
                    );
                    ReadPart(part, (long)(from - start) * RowLength, (to - from) * RowLength, target, RowLength, RowLength);
                }
            }
            else
            {
                ReadPart(part, (long)first * part.Rank, count * part.Rank, destination[(start * ElementLength)..], part.Rank, RowLength);
            }

            start += part.Rank;
        }
    }

    // Rows of the given length go to places a stride apart.
    private void ReadPart(Part part, long firstElement, int count, Span<byte> target, int length, int stride)
    {
        int sourceLength = TensorTypes.BytesOf(part.Tensor.Type);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(count * sourceLength));
        part.File.Read(part.Tensor, bytes, firstElement * sourceLength);
        bool copied = part.Ratio == 1 && part.Tensor.Type == Type;
        float[] decoded = copied || part.Tensor.Type == TensorType.Float64 ? [] : new float[count];
        if (decoded.Length > 0)
        {
            WeightDecoder.ToSingle(part.Tensor.Type, bytes, decoded);
        }

        for (int row = 0; row < count / length; row++)
        {
            Span<byte> place = target.Slice(row * stride * ElementLength, length * ElementLength);
            if (copied)
            {
                bytes.AsSpan(row * length * ElementLength, length * ElementLength).CopyTo(place);
                continue;
            }

            for (int column = 0; column < length; column++)
            {
                int index = (row * length) + column;
                double value =
                    part.Ratio
                    * (decoded.Length > 0 ? decoded[index] : BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(index * sizeof(double))));
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

    /// <summary>One file's share of a factor.</summary>
    /// <param name="File">The file.</param>
    /// <param name="Tensor">Its factor.</param>
    /// <param name="Rank">The rank that it adds.</param>
    /// <param name="Ratio">What its elements are multiplied with.</param>
    internal sealed record Part(ITensorFile File, TensorEntry Tensor, int Rank, double Ratio);
}
