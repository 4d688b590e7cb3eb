namespace ResizeLora.Bench.Generation;

/// <summary>A layer that an adapter can be trained on.</summary>
/// <param name="Name">The layer's name in the adapter.</param>
/// <param name="Shape">The shape of the weight that it changes.</param>
internal sealed record TargetLayer(string Name, long[] Shape)
{
    /// <summary>n.</summary>
    public int Rows => (int)Shape[0];

    /// <summary>m, the kernel included.</summary>
    public int Columns => (int)Shape.Skip(1).Aggregate(1L, static (product, side) => product * side);
}
