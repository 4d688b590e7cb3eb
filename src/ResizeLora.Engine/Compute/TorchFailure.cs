using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>What libtorch means by the text of an exception; it has one type for everything.</summary>
internal static class TorchFailure
{
    // "CUDA out of memory. Tried to allocate 2.00 GiB.", "CUDA error: out of memory", "cuda runtime error (2): out of memory",
    // "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED",
    // "[enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes",
    // "DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes" (Windows).
    private static readonly string[] OutOfMemory = ["out of memory", "_ALLOC_FAILED", "can't allocate memory", "not enough memory"];

    // "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular values".
    private const string NotConverged = "failed to converge";

    /// <summary>Whether an iteration of LAPACK gave up.</summary>
    /// <param name="exception">The exception.</param>
    public static bool IsNotConverged(ExternalException exception) =>
        exception.Message.Contains(NotConverged, StringComparison.OrdinalIgnoreCase);

    /// <summary>The same failure in words, with a stable id.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="device">Where it happened, such as <c>cuda:0</c>.</param>
    /// <param name="isCuda">Whether that is a CUDA device.</param>
    public static DeviceException Explain(ExternalException exception, string device, bool isCuda)
    {
        // What follows the first line is a trace of C++ calls.
        string reason = exception.Message.Split('\n', 2)[0].TrimEnd();
        if (!OutOfMemory.Any(text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            return new DeviceException("Failed", $"libtorch failed on the device '{device}': {reason}", exception);
        }

        string message = $"The device '{device}' has too little free memory for this layer (libtorch: {reason}).";
        return new DeviceException(isCuda ? "CudaMemory" : "Memory", message, exception);
    }
}
