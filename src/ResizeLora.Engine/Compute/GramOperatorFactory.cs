using ResizeLora.Checkpoints;

namespace ResizeLora.Compute;

/// <summary>Computes norms where a device says: on the processor straight from the stored bytes, on CUDA from a copy there.</summary>
/// <param name="device">The device; asked for only when something is computed, so that kept norms need no libtorch.</param>
public sealed class GramOperatorFactory(Func<ComputeDevice> device) : IGramOperatorFactory
{
    /// <inheritdoc/>
    public IGramOperator Create(BaseWeight weight, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return device() is { IsCuda: true } cuda
            ? new DeviceGramOperator(weight, bytes, cuda)
            : new WeightGramOperator(weight.Tensor.Type, bytes, weight.Rows, weight.Columns);
    }
}
