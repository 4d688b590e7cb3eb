namespace ResizeLora.Bench.Generation;

/// <summary>The content of one tensor, made row by row in any order.</summary>
internal interface ITensorSource
{
    /// <summary>Makes a row.</summary>
    /// <param name="row">Its number.</param>
    /// <param name="destination">Where its elements go.</param>
    void FillRow(int row, Span<float> destination);
}
