using System.Runtime.CompilerServices;
using ResizeLora.Compute;

namespace ResizeLora.Tests;

/// <summary>A fact of the path over a graphics device.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> Available = new(static () => ComputeDevice.Resolve("auto").IsCuda);

    public CudaFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        if (!Available.Value)
        {
            Skip = "No CUDA device can be used here: there is none, or libtorch is the processor-only package.";
        }
    }
}
