using System.Runtime.InteropServices;
using ResizeLora.Compute;

namespace ResizeLora.Tests;

/// <summary>A graphics device that is none: it has too little memory for some parts, and does the others as the processor does.</summary>
/// <param name="hasMemory">Whether it has memory for the n-th part.</param>
internal sealed class ImitatedCard(Func<int, bool> hasMemory) : LayerDevice(ComputeDevice.Cuda(0))
{
    private int parts;

    /// <summary>How many parts it was asked for.</summary>
    public int Parts => parts;

    /// <summary>What libtorch throws.</summary>
    /// <param name="text">The text, which tells what happened.</param>
#pragma warning disable CA2201 // The type is the one that libtorch's failures have.
    public static ExternalException Failure(string text) => new(text);
#pragma warning restore CA2201

    /// <inheritdoc/>
    protected override T ComputeOnCard<T>(Func<ComputeDevice, T> part) =>
        hasMemory(Interlocked.Increment(ref parts))
            ? Processor.Compute(part)
            : throw Failure("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB.");
}
