using System.Runtime.InteropServices;
using ResizeLora.Compute;
using TorchSharp;

namespace ResizeLora.Tests.Compute;

/// <summary>What libtorch throws is told as what it is: too little memory, an iteration that gave up, or something else.</summary>
public sealed class TorchFailureTests
{
    private const string GpuText = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB.";

    [Theory]
    [InlineData(GpuText)]
    [InlineData("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    [InlineData("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`")]
    [InlineData("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`")]
    [InlineData("cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR, when calling `cusolverDnCreate(handle)`")]
    public void Too_little_memory_of_a_graphics_device_is_known(string text) =>
        Assert.True(TorchFailure.IsOutOfCardMemory(ImitatedCard.Failure(text + "\nException raised from malloc at ...")));

    [Theory]
    [InlineData("[enforce fail at alloc_cpu.cpp:114] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")]
    [InlineData("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.")]
    public void Too_little_main_memory_is_another_case(string text)
    {
        ExternalException thrown = ImitatedCard.Failure(text + "\nException raised from malloc");
        Assert.False(TorchFailure.IsOutOfCardMemory(thrown));
        DeviceException failure = TorchFailure.Explain(thrown, ComputeDevice.Cuda(0));
        Assert.Equal("DeviceMemory", failure.ErrorId);
        Assert.DoesNotContain("cuda", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("raised from", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_other_failure_keeps_its_text()
    {
        ExternalException thrown = ImitatedCard.Failure("CUDA error: device-side assert triggered\nmore");
        Assert.False(TorchFailure.IsOutOfCardMemory(thrown));
        DeviceException failure = TorchFailure.Explain(thrown, ComputeDevice.Cuda(1));
        Assert.Equal("DeviceFailed", failure.ErrorId);
        Assert.Contains("'cuda:1': CUDA error: device-side assert triggered", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_an_iteration_that_gave_up_counts_as_one()
    {
        const string GaveUp = "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned.";
        Assert.True(TorchFailure.IsNotConverged(ImitatedCard.Failure(GaveUp)));
        Assert.False(TorchFailure.IsNotConverged(ImitatedCard.Failure(GpuText)));
    }

    [Fact]
    public void Work_on_a_layer_fails_with_what_libtorch_said()
    {
        DeviceException failure = Assert.Throws<DeviceException>(() =>
            LayerThreads.Run<int>(static () => throw ImitatedCard.Failure("no such operator\nmore"))
        );
        Assert.Equal("DeviceFailed", failure.ErrorId);
        Assert.EndsWith("'cpu': no such operator", failure.Message, StringComparison.Ordinal);
        Assert.IsType<ExternalException>(failure.InnerException);
        Assert.Equal(3, LayerThreads.Run(static () => 3));
    }

    [Fact]
    public void What_libtorch_itself_refuses_is_such_an_exception()
    {
        // More than any machine has.
        DeviceException failure = Assert.Throws<DeviceException>(() =>
            LayerThreads.Run(static () => torch.empty(1L << 46, torch.ScalarType.Float64).numel())
        );
        Assert.Equal("DeviceMemory", failure.ErrorId);
    }
}
