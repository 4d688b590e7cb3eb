namespace ResizeLora.Checkpoints;

/// <summary>
/// Computes norms from the stored bytes, on the processor whatever the device is: reading takes as long as computing, and a kept
/// norm is then the same to the bit for every device.
/// </summary>
public sealed class GramOperatorFactory : IGramOperatorFactory
{
    /// <inheritdoc/>
    public IGramOperator Create(BaseWeight weight, Memory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.IsQ8
            ? WeightGramOperator.OfQ8(bytes, weight.Rows, weight.Columns)
            : new WeightGramOperator(weight.StoredType, bytes, weight.Rows, weight.Columns);
    }
}
