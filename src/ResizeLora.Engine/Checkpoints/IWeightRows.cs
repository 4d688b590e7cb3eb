namespace ResizeLora.Checkpoints;

/// <summary>The stored rows of a weight W (n × m), for whoever does not care how they are stored.</summary>
internal interface IWeightRows
{
    /// <summary>e of W = 2^e·V, where the largest element of V is not far from 1.</summary>
    int Exponent { get; }

    /// <summary>‖V‖F²; NaN where a weight is infinite or NaN.</summary>
    double SquaredNorm { get; }

    /// <summary>Computes VᵀV·v; W must be finite.</summary>
    /// <param name="vector">v, m numbers.</param>
    /// <param name="product">Where the product goes, m numbers.</param>
    /// <param name="scratch">Room for 2·m numbers.</param>
    void Apply(ReadOnlySpan<float> vector, Span<float> product, Span<float> scratch);
}
