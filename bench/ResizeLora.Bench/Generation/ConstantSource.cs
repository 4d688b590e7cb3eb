namespace ResizeLora.Bench.Generation;

/// <summary>One number everywhere, such as an alpha.</summary>
/// <param name="value">The number.</param>
internal sealed class ConstantSource(float value) : ITensorSource
{
    /// <inheritdoc/>
    public void FillRow(int row, Span<float> destination) => destination.Fill(value);
}
