namespace ResizeLora.Checkpoints;

/// <summary>Computes norms on the processor, straight from the bytes that the checkpoint holds.</summary>
public sealed class ProcessorGramOperatorFactory : IGramOperatorFactory
{
    /// <inheritdoc/>
    public IGramOperator Create(BaseWeight weight, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return new WeightGramOperator(weight.Tensor.Type, bytes, weight.Rows, weight.Columns);
    }
}
