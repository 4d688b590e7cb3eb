namespace ResizeLora.Files;

/// <summary>One tensor as the header describes it.</summary>
/// <param name="Name">Its name; any string, never a path.</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The dimensions, outermost first; empty for a scalar.</param>
/// <param name="Start">The first byte, counted from the start of the data (behind the header).</param>
/// <param name="End">The byte behind the last, counted likewise.</param>
public sealed record TensorEntry(string Name, TensorType Type, IReadOnlyList<long> Shape, long Start, long End)
{
    /// <summary>The size in bytes.</summary>
    public long ByteLength => End - Start;

    /// <summary>The number of elements: the product of the dimensions, 1 for a scalar.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long dimension in Shape)
            {
                count *= dimension;
            }

            return count;
        }
    }

    /// <summary>The dimensions as people write them, such as <c>[320, 64, 1, 1]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>A part of the tensor, as a tensor of its own that a file may offer under another name.</summary>
    /// <param name="part">Which part.</param>
    /// <param name="shape">The part's shape.</param>
    internal TensorEntry Part(int part, IReadOnlyList<long> shape)
    {
        long count = shape.Aggregate(1L, static (product, side) => product * side);
        return new TensorEntry(FormattableString.Invariant($"{Name}[{part}]"), Type, shape, 0, count * TensorTypes.BytesOf(Type));
    }
}
