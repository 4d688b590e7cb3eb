namespace ResizeLora.Checkpoints;

/// <summary>The linear operator WᵀW of one weight W (n × m), which is all that its spectral norm asks for.</summary>
public interface IGramOperator
{
    /// <summary>m, the length of the vectors.</summary>
    int Size { get; }

    /// <summary>‖W‖F².</summary>
    double SquaredFrobeniusNorm { get; }

    /// <summary>Computes WᵀW·v.</summary>
    /// <param name="vector">v, of length <see cref="Size"/>.</param>
    /// <param name="product">Where the product goes, of the same length.</param>
    void Apply(ReadOnlySpan<float> vector, Span<float> product);
}
