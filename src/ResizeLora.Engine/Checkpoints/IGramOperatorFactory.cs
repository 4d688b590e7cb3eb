namespace ResizeLora.Checkpoints;

/// <summary>Makes the operator on which a weight's norms are computed.</summary>
public interface IGramOperatorFactory
{
    /// <summary>Wraps a weight.</summary>
    /// <param name="weight">Its type and shape.</param>
    /// <param name="bytes">Its bytes as they are stored, the operator's until it is disposed: it may write them anew.</param>
    /// <returns>An operator, disposed by the caller when it is disposable.</returns>
    IGramOperator Create(BaseWeight weight, Memory<byte> bytes);
}
