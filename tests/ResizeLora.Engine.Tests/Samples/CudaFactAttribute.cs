using System.Runtime.CompilerServices;

namespace ResizeLora.Tests;

/// <summary>A fact of a graphics device alone.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Skip = Devices.CudaSkip;
    }
}
