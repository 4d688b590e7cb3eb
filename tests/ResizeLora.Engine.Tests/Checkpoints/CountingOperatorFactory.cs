using ResizeLora.Checkpoints;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>Measures weights as the processor does and counts them, to tell norms that were computed from norms that were kept.</summary>
internal sealed class CountingOperatorFactory : IGramOperatorFactory
{
    private readonly GramOperatorFactory processor = new();
    private int count;

    public int Count => count;

    public IGramOperator Create(BaseWeight weight, Memory<byte> bytes)
    {
        Interlocked.Increment(ref count);
        return processor.Create(weight, bytes);
    }
}
