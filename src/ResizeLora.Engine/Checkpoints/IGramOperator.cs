namespace ResizeLora.Checkpoints;

/// <summary>The linear operator VᵀV of one weight W = 2^e·V (n × m), which is all that its spectral norm asks for.</summary>
/// <remarks>The largest element of V is not far from 1, so that no square leaves the range of single precision, whatever W is.</remarks>
public interface IGramOperator
{
    /// <summary>m, the length of the vectors.</summary>
    int Size { get; }

    /// <summary>e.</summary>
    int Exponent { get; }

    /// <summary>‖V‖F²; NaN or infinity where W holds such.</summary>
    double SquaredFrobeniusNorm { get; }

    /// <summary>Computes VᵀV·x.</summary>
    /// <param name="vector">x, of length <see cref="Size"/>.</param>
    /// <param name="product">Where the product goes, of the same length.</param>
    void Apply(ReadOnlySpan<float> vector, Span<float> product);
}
