using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>What libtorch means by the text of an exception; it has one type for everything.</summary>
internal static class TorchFailure
{
    // "CUDA out of memory. Tried to allocate 2.00 GiB.", "CUDA error: out of memory", "cuda runtime error (2): out of memory",
    // "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasSgemm(...)`", "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED".
    // A handle is made at the first product of a thread; where memory lacks for one, cuBLAS says CUBLAS_STATUS_NOT_INITIALIZED and
    // cuSOLVER CUSOLVER_STATUS_INTERNAL_ERROR, "when calling `cublasCreate(handle)`" and "`cusolverDnCreate(handle)`".
    private static readonly string[] OutOfCardMemory =
    [
        "out of memory",
        "cudaErrorMemoryAllocation",
        "_ALLOC_FAILED",
        "cublasCreate(",
        "cusolverDnCreate(",
    ];

    // "[enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes",
    // "DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes" (Windows).
    private static readonly string[] OutOfMainMemory = ["can't allocate memory", "not enough memory"];

    // "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular values".
    private const string NotConverged = "failed to converge";

    /// <summary>Whether an iteration of LAPACK gave up.</summary>
    /// <param name="exception">The exception.</param>
    public static bool IsNotConverged(ExternalException exception) =>
        exception.Message.Contains(NotConverged, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a graphics device had too little memory.</summary>
    /// <param name="exception">The exception.</param>
    public static bool IsOutOfCardMemory(ExternalException exception) => Says(exception, OutOfCardMemory);

    /// <summary>The same failure in words, with a stable id.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="device">Where it happened.</param>
    public static DeviceException Explain(ExternalException exception, ComputeDevice device)
    {
        // What follows the first line is a trace of C++ calls.
        string reason = exception.Message.Split('\n', 2)[0].TrimEnd();
        return Says(exception, OutOfMainMemory)
            ? new DeviceException("Memory", $"There is too little free memory for this layer (libtorch: {reason}).", exception)
            : new DeviceException("Failed", $"libtorch failed on the device '{device}': {reason}", exception);
    }

    private static bool Says(ExternalException exception, string[] texts) =>
        Array.Exists(texts, text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase));
}
