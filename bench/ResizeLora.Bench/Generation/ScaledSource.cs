using System.Numerics.Tensors;

namespace ResizeLora.Bench.Generation;

/// <summary>Another source's numbers, multiplied.</summary>
/// <param name="source">The other source.</param>
/// <param name="factor">What they are multiplied with.</param>
internal sealed class ScaledSource(ITensorSource source, float factor) : ITensorSource
{
    /// <inheritdoc/>
    public void FillRow(int row, Span<float> destination)
    {
        source.FillRow(row, destination);
        TensorPrimitives.Multiply(destination, factor, destination);
    }
}
