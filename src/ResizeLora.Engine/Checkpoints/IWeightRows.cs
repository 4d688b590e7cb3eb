namespace ResizeLora.Checkpoints;

/// <summary>The stored rows of a weight W (n × m), for whoever does not care how they are stored.</summary>
internal interface IWeightRows
{
    /// <summary>‖W‖F², or NaN or infinity where a weight is.</summary>
    double SumSquares();

    /// <summary>Computes WᵀW·v; W must be finite.</summary>
    /// <param name="vector">v, m numbers.</param>
    /// <param name="product">Where the product goes, m numbers.</param>
    /// <param name="scratch">Room for 2·m numbers.</param>
    void Apply(ReadOnlySpan<float> vector, Span<float> product, Span<float> scratch);
}
