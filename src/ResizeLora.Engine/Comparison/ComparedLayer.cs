using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Comparison;

/// <summary>A layer with the file that holds its factors.</summary>
/// <param name="File">The LoRA file.</param>
/// <param name="Layer">One of its layers.</param>
internal sealed record ComparedLayer(ITensorFile File, AdapterLayer Layer)
{
    /// <summary>Whether the factors of another layer are the same, byte for byte, and so is its scale.</summary>
    /// <param name="other">The other layer.</param>
    public bool IsSame(ComparedLayer other) =>
        Layer.Scale == other.Layer.Scale
        && Layer.Rank == other.Layer.Rank
        && AreSame(File, Layer.Down, other.File, other.Layer.Down)
        && AreSame(File, Layer.Up, other.File, other.Layer.Up);

    /// <summary>Whether two tensors are the same, byte for byte.</summary>
    /// <param name="leftFile">The file of the first.</param>
    /// <param name="left">The first.</param>
    /// <param name="rightFile">The file of the second.</param>
    /// <param name="right">The second.</param>
    public static bool AreSame(ITensorFile leftFile, TensorEntry left, ITensorFile rightFile, TensorEntry right) =>
        left.Type == right.Type && left.ByteLength == right.ByteLength && leftFile.Read(left).AsSpan().SequenceEqual(rightFile.Read(right));
}
